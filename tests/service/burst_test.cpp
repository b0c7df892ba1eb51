// SPDX-License-Identifier: Apache-2.0
#include "service/burst.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace iopslimit::burst_test {
namespace {

using std::chrono::milliseconds;

constexpr Burst::Time start{milliseconds(1000)};

/// At `ms`: cgroups that came; then what is asked.
struct BurstRow {
  const char* name;
  std::vector<int> cgroups;
  int requested;
  bool goes_on;
  bool too_long;
};

std::vector<int> every(int step, int until) {
  std::vector<int> times;
  for (int at = 0; at <= until; at += step) times.push_back(at);
  return times;
}

TEST(Burst, GoesOnUntilAPauseOrForTooLong) {
  const std::vector<BurstRow> rows{
      {"nothing came", {}, 0, false, false},
      {"one", {0}, 0, true, false},
      {"one, a moment ago", {0}, 19, true, false},
      {"one, a pause ago", {0}, 20, false, false},
      {"the pause begins anew with each", every(15, 60), 79, true, false},
      {"and then it is one", every(15, 60), 80, false, false},
      {"without an end", every(10, 240), 249, true, false},
      {"for too long", every(10, 250), 250, false, true},
      {"and on", every(10, 500), 505, false, true},
  };
  for (const BurstRow& row : rows) {
    Burst burst;
    for (const int at : row.cgroups) {
      burst.events(start + milliseconds(at));
      burst.cgroup(start + milliseconds(at));
    }
    EXPECT_EQ(burst.goes_on(start + milliseconds(row.requested)), row.goes_on) << row.name;
    EXPECT_EQ(burst.too_long(start + milliseconds(row.requested)), row.too_long) << row.name;
  }
}

TEST(Burst, TheEndOfCgroupsIsNone) {
  Burst burst;
  burst.events(start);
  EXPECT_FALSE(burst.goes_on(start));
  EXPECT_TRUE(burst.too_long(start + Burst::longest));
}

TEST(Burst, EventsAfterFinishBeginANewBurst) {
  Burst burst;
  burst.events(start);
  burst.cgroup(start);
  burst.finish();
  const Burst::Time later = start + Burst::longest;
  burst.events(later);
  burst.cgroup(later);
  EXPECT_TRUE(burst.goes_on(later + milliseconds(19)));
  EXPECT_FALSE(burst.too_long(later + milliseconds(249)));
  EXPECT_TRUE(burst.too_long(later + milliseconds(250)));
}

}  // namespace
}  // namespace iopslimit::burst_test
