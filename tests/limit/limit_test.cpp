// SPDX-License-Identifier: Apache-2.0
#include "limit/limit.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit::limit_test {
namespace {

struct TextRow {
  Limit limit;
  std::string text;
};

TEST(LimitText, Table) {
  const TextRow rows[] = {
      {{}, "unlimited"},
      {{.read_iops = 500, .write_iops = 500}, "read 500 IOPS, write 500 IOPS"},
      {{.read_iops = 500}, "read 500 IOPS, write unlimited"},
      {{.write_iops = 2}, "read unlimited, write 2 IOPS"},
      {{.read_iops = 500, .write_iops = 500, .read_bps = 104857600},
       "read 500 IOPS and 100 MiB/s, write 500 IOPS"},
      {{.read_bps = 1073741824, .write_bps = 2048}, "read 1 GiB/s, write 2 KiB/s"},
      {{.read_bps = 1000000, .write_bps = 2}, "read 1000000 bytes/s, write 2 bytes/s"},
      {{.read_iops = max_iops, .write_bps = max_bps},
       "read 4294967294 IOPS, write 18446744073709551614 bytes/s"},
  };
  for (const TextRow& row : rows) EXPECT_EQ(to_string(row.limit), row.text);
}

TEST(LimitValues, UnlimitedIsNothingSet) {
  EXPECT_TRUE(Limit{}.unlimited());
  EXPECT_FALSE(Limit{.read_iops = 2}.unlimited());
  EXPECT_FALSE(Limit{.write_iops = 2}.unlimited());
  EXPECT_FALSE(Limit{.read_bps = 2}.unlimited());
  EXPECT_FALSE(Limit{.write_bps = 2}.unlimited());
}

TEST(Limit, TheStricterOfTwoCountsInEachDirection) {
  const Limit one{.read_iops = 500, .write_iops = 100, .read_bps = 7};
  const Limit other{.read_iops = 200, .write_iops = 300, .write_bps = 9};
  const Limit both{.read_iops = 200, .write_iops = 100, .read_bps = 7, .write_bps = 9};
  EXPECT_EQ(stricter(one, other), both);
  EXPECT_EQ(stricter(other, one), both);
  EXPECT_EQ(stricter(one, Limit{}), one);
}

TEST(Limit, APartIsNeverBelowWhatTheKernelTakes) {
  const Limit whole{.read_iops = 500, .write_iops = 3, .read_bps = 1001};
  EXPECT_EQ(part_of(whole, 2), (Limit{.read_iops = 250, .write_iops = 2, .read_bps = 500}));
  EXPECT_EQ(part_of(whole, 1), whole);
  EXPECT_TRUE(part_of(Limit{}, 4).unlimited());
}

}  // namespace
}  // namespace iopslimit::limit_test
