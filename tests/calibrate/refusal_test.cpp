// SPDX-License-Identifier: Apache-2.0
#include "calibrate/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iopslimit::refusal_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;
const CalibrationFacts good{.mount = "/data", .free_bytes = 5 * gibibyte, .busy = 0.1};

TEST(Refusals, NoneOnAFreeDisk) {
  EXPECT_THAT(refusals(good, false), IsEmpty());
}

TEST(Refusals, SayWhatToDo) {
  struct Row {
    CalibrationFacts facts;
    const char* text;
    bool yes_helps;
  };
  CalibrationFacts full = good, busy = good, pods = good, inside = good, absent = good;
  full.free_bytes -= 1;
  busy.busy = 0.42;
  pods.containers = 7;
  inside.in_container = true;
  absent.not_usable = "/data is not mounted: mount it";
  const Row rows[] = {
      {full, "only 4.9 GiB are free on /data, at least 5.0 GiB", false},
      {busy, "the disk of /data is busy 42 % of the time: stop what uses it", true},
      {pods, "containers run on this node (7), and their I/O would wait: drain", true},
      {inside, "iopsctl runs in a container", false},
      {absent, "/data is not mounted: mount it", false},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(refusals(row.facts, false), ElementsAre(HasSubstr(row.text)));
    EXPECT_EQ(refusals(row.facts, true).empty(), row.yes_helps) << row.text;
  }
}

TEST(Refusals, AreSaidTogether) {
  EXPECT_EQ(refusals({.mount = "/data", .free_bytes = 0, .busy = 1, .containers = 1}, false).size(),
            3U);
}

TEST(FileBytes, AreAtMostATenthOfWhatIsFree) {
  EXPECT_EQ(file_bytes(1000 * gibibyte), gibibyte);
  EXPECT_EQ(file_bytes(10 * gibibyte), gibibyte);
  EXPECT_EQ(file_bytes(5 * gibibyte), gibibyte / 2);
  EXPECT_EQ(file_bytes(10 * gibibyte - 1), gibibyte - (gibibyte >> 10U));
}

}  // namespace
}  // namespace iopslimit::refusal_test
