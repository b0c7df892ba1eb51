// SPDX-License-Identifier: Apache-2.0
#include "limit/combined_limit.hpp"

#include <gtest/gtest.h>

namespace iopslimit::combined_limit_test {
namespace {

TEST(CombinedLimit, TheLaxerOfTwoIsUnlimitedWhereOneIs) {
  const Limit one{.read_iops = 500, .write_iops = 100, .read_bps = 7};
  const Limit other{.read_iops = 200, .write_iops = 300, .write_bps = 9};
  EXPECT_EQ(laxer(one, other), (Limit{.read_iops = 500, .write_iops = 300}));
  EXPECT_EQ(laxer(other, one), laxer(one, other));
  EXPECT_EQ(laxer(one, Limit{}), Limit{});
}

TEST(CombinedLimit, TwoTogetherAreUnlimitedWhereOneIsOrWhereTheSumIsTooLarge) {
  const Limit one{.read_iops = 500, .write_iops = max_iops - 2, .read_bps = 7, .write_bps = 1};
  const Limit other{.read_iops = 200, .write_iops = 2, .write_bps = max_bps};
  EXPECT_EQ(together(one, other), (Limit{.read_iops = 700, .write_iops = max_iops}));
  EXPECT_EQ(together(other, one), together(one, other));
  EXPECT_EQ(together({.write_iops = max_iops}, {.write_iops = 2}), Limit{});
}

}  // namespace
}  // namespace iopslimit::combined_limit_test
