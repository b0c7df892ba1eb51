// SPDX-License-Identifier: Apache-2.0
#include "config/difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "../support/config_lines.hpp"

namespace iopslimit::difference_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Text = std::optional<std::string>;

std::vector<KeyChange> changes(const std::vector<ConfigLine>& before,
                               const std::vector<ConfigLine>& after) {
  const ParsedConfig one = parsed(before);
  const ParsedConfig two = parsed(after);
  EXPECT_THAT(one.errors, IsEmpty());
  EXPECT_THAT(two.errors, IsEmpty());
  return changed_keys(one.config, two.config);
}

struct ChangeRow {
  std::vector<ConfigLine> before;
  std::vector<ConfigLine> after;
  std::vector<KeyChange> changes;
};

TEST(ConfigDifference, Rows) {
  const ConfigLine glob{"policy db", "pod", "db-*", 3};
  const ChangeRow rows[] = {
      {{}, {}, {}},
      {{}, {{"limits", "iops", "500"}}, {}},  // the default
      {{{"limits", "bps", "1M"}}, {{"limits", "bps", "1048576", 9}}, {}},
      {{{"limits", "iops", "500"}},
       {{"limits", "iops", "800", 7}},
       {{"[limits]", "iops", "500", "800", "/c:7"}}},
      {{}, {{"limits", "total_iops", "0", 2}}, {{"[limits]", "total_iops", {}, "0", "/c:2"}}},
      // 500 is the default where `iops` is, and here it is not.
      {{{"limits", "iops", "800"}, {"limits", "read_iops", "500", 2}},
       {{"limits", "iops", "800"}},
       {{"[limits]", "read_iops", "500", {}, "/c:2"}}},
      // The limit stays, by other keys: each of them is said.
      {{},
       {{"limits", "iops", "800"},
        {"limits", "read_iops", "500", 2},
        {"limits", "write_iops", "500", 3}},
       {{"[limits]", "iops", {}, "800", "/c:1"},
        {"[limits]", "read_iops", {}, "500", "/c:2"},
        {"[limits]", "write_iops", {}, "500", "/c:3"}}},
      {{glob, {"policy db", "iops", "100"}},
       {glob, {"policy db", "exempt", "yes", 4}},
       {{"[policy db]", "exempt", {}, "yes", "/c:4"}, {"[policy db]", "iops", "100", {}, "/c:1"}}},
      {{{"exclude", "keywords", "pause"}},
       {{"exclude", "keywords", "", 5}},
       {{"[exclude]", "keywords", "pause", "", "/c:5"}}},
      {{}, {{"service", "dry_run", "yes", 6}}, {{"[service]", "dry_run", {}, "yes", "/c:6", true}}},
      {{},
       {{"device logs", "mount", "/logs", 8}},
       {{"[device logs]", "mount", {}, "/logs", "/c:8"}}},
  };
  for (const ChangeRow& row : rows) {
    SCOPED_TRACE(row.after.empty() ? "nothing" : row.after.back().key);
    EXPECT_EQ(changes(row.before, row.after), row.changes);
  }
}

TEST(ConfigDifference, SaysInWhichOrderPoliciesAreTried) {
  const ConfigLine a{"policy a", "pod", "a*", 1};
  const ConfigLine b{"policy b", "pod", "b*", 2};
  const ConfigLine one{"policy a", "iops", "100", 3};
  const ConfigLine two{"policy b", "iops", "200", 4};
  EXPECT_THAT(changes({a, one, b, two}, {b, two, a, one}),
              ElementsAre(KeyChange{"[policy]", "order", "a, b", "b, a", "/c:2"}));
  EXPECT_THAT(changes({a, one, b, two}, {a, one, b, two}), IsEmpty());
}

TEST(ConfigDifference, WhatTakesARestartStaysInForce) {
  Config next;
  EXPECT_FALSE(keep_until_restart({}, next));
  next.dry_run = true;
  next.cgroup_version = CgroupVersion::v1;
  EXPECT_TRUE(keep_until_restart({}, next));
  EXPECT_EQ(next, Config{});
}

}  // namespace
}  // namespace iopslimit::difference_test
