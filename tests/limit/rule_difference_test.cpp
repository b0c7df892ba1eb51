// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_difference.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace iopslimit::rule_difference_test {
namespace {

constexpr Devnum nvme0{259, 0};
constexpr Devnum nvme1{259, 5};
constexpr Limit five_hundred{.read_iops = 500, .write_iops = 500};

using Rules = std::vector<Rule>;

TEST(RuleDifference, HoldsOnlyWhatDiffers) {
  EXPECT_EQ(changes({{nvme0, five_hundred}}, {}), (Rules{{nvme0, five_hundred}}));
  EXPECT_EQ(changes({{nvme0, five_hundred}}, {{nvme0, five_hundred}}), Rules{});
  EXPECT_EQ(changes({{nvme0, five_hundred}}, {{nvme0, {.read_iops = 500}}}),
            (Rules{{nvme0, five_hundred}}));
}

TEST(RuleDifference, ClearsDeviceNoLongerWanted) {
  EXPECT_EQ(changes({}, {{nvme0, five_hundred}}), (Rules{{nvme0, {}}}));
  EXPECT_EQ(changes({{nvme1, five_hundred}}, {{nvme0, five_hundred}}),
            (Rules{{nvme1, five_hundred}, {nvme0, {}}}));
}

}  // namespace
}  // namespace iopslimit::rule_difference_test
