// SPDX-License-Identifier: Apache-2.0
#include "report/rate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace iopslimit {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

Report about_pod(const std::string& uid, Action action = Action::repaired) {
  Report report = news(Severity::warning, action, "changed " + uid);
  report.pod_uid = uid;
  return report;
}

std::size_t passed(FloodGuard& guard, const Report& report, std::size_t times, seconds now) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < times; ++i) count += guard.passes(report, now) ? 1 : 0;
  return count;
}

TEST(FloodGuard, OnePodMayNotDrownTheOthers) {
  FloodGuard guard;
  EXPECT_EQ(passed(guard, about_pod("a"), 100, seconds(5)), FloodGuard::most);
  EXPECT_EQ(passed(guard, about_pod("b"), 3, seconds(5)), 3U);
  EXPECT_EQ(passed(guard, about_pod("a", Action::limited), 3, seconds(5)), 3U);
  Report outside = news(Severity::warning, Action::repaired, "kubepods");
  outside.cgroup = "/kubepods";
  EXPECT_EQ(passed(guard, outside, 100, seconds(5)), FloodGuard::most);
}

TEST(FloodGuard, WhatIsAboutTheServiceAlwaysPasses) {
  FloodGuard guard;
  const Report report = news(Severity::error, Action::config, "line 3");
  EXPECT_EQ(passed(guard, report, 100, seconds(5)), 100U);
}

TEST(FloodGuard, WhenTheWindowIsOverItSaysHowManyWereNotWritten) {
  FloodGuard guard;
  passed(guard, about_pod("a"), FloodGuard::most + 7, seconds(100));
  passed(guard, about_pod("b"), 1, seconds(100));
  EXPECT_THAT(guard.summaries(seconds(159)), IsEmpty());
  const auto said = guard.summaries(seconds(160));
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_EQ(said[0].text,
            "7 more of these were not written in the last minute, the last: changed a");
  EXPECT_EQ(said[0].action, Action::suppressed);
  EXPECT_EQ(said[0].pod_uid, "a");
  EXPECT_THAT(guard.summaries(seconds(161)), IsEmpty());
  EXPECT_EQ(passed(guard, about_pod("a"), 1, seconds(161)), 1U);
}

}  // namespace
}  // namespace iopslimit
