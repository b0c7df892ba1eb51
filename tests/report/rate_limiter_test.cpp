// SPDX-License-Identifier: Apache-2.0
#include "report/rate_limiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace iopslimit::rate_limiter_test {
namespace {

using std::chrono::seconds;
using testing::IsEmpty;
using testing::SizeIs;

Event about_pod(const std::string& uid, Action action = Action::repaired) {
  Event event = service_event(Severity::warning, action, "changed " + uid);
  event.pod_uid = uid;
  return event;
}

std::size_t passed(RateLimiter& guard, const Event& event, std::size_t times, seconds now) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < times; ++i) count += guard.passes(event, now) ? 1 : 0;
  return count;
}

TEST(RateLimiter, OnePodMayNotDrownTheOthers) {
  RateLimiter guard;
  EXPECT_EQ(passed(guard, about_pod("a"), 100, seconds(5)), RateLimiter::most);
  EXPECT_EQ(passed(guard, about_pod("b"), 3, seconds(5)), 3U);
  EXPECT_EQ(passed(guard, about_pod("a", Action::limited), 3, seconds(5)), 3U);
  Event outside = service_event(Severity::warning, Action::repaired, "kubepods");
  outside.cgroup = "/kubepods";
  EXPECT_EQ(passed(guard, outside, 100, seconds(5)), RateLimiter::most);
}

TEST(RateLimiter, PassesEventsOfTheServiceAlways) {
  RateLimiter guard;
  const Event event = service_event(Severity::error, Action::config, "line 3");
  EXPECT_EQ(passed(guard, event, 100, seconds(5)), 100U);
}

TEST(RateLimiter, CountsSuppressedEventsAtTheEndOfTheWindow) {
  RateLimiter guard;
  passed(guard, about_pod("a"), RateLimiter::most + 7, seconds(100));
  passed(guard, about_pod("b"), 1, seconds(100));
  EXPECT_THAT(guard.summaries(seconds(159)), IsEmpty());
  const auto announced = guard.summaries(seconds(160));
  ASSERT_THAT(announced, SizeIs(1));
  EXPECT_EQ(announced[0].text,
            "7 more of these were not written in the last minute, the last: changed a");
  EXPECT_EQ(announced[0].action, Action::suppressed);
  EXPECT_EQ(announced[0].pod_uid, "a");
  EXPECT_THAT(guard.summaries(seconds(161)), IsEmpty());
  EXPECT_EQ(passed(guard, about_pod("a"), 1, seconds(161)), 1U);
}

}  // namespace
}  // namespace iopslimit::rate_limiter_test
