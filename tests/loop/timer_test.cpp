// SPDX-License-Identifier: Apache-2.0
#include "loop/timer.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "loop/clock.hpp"
#include "loop/io.hpp"
#include "support/loop_runs.hpp"
#include "support/pipe.hpp"

namespace iopslimit::timer_test {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds now{0};
constexpr milliseconds soon{2};

struct TimerTest : testing::Test {
  EventLoop loop;
  int calls = 0;
  Timer timer{loop, [this] { ++calls; }};

  void run_until_calls(int count) {
    run_until(loop, [&] { return calls >= count; });
  }
};

TEST_F(TimerTest, IsOffWhenCreated) {
  EXPECT_FALSE(timer.running());
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0);
}

TEST_F(TimerTest, StartCallsBackOnce) {
  timer.start(soon);
  EXPECT_TRUE(timer.running());
  run_until_calls(1);
  EXPECT_FALSE(timer.running());
  run_for_a_while(loop);
  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, SeveralTimersCallBackEachAfterItsDelay) {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> first;
  std::optional<Clock::time_point> second;
  Timer one(loop, [&] { first = Clock::now(); });
  Timer another(loop, [&] { second = Clock::now(); });
  const Clock::time_point begin = Clock::now();
  timer.start(now);
  another.start(milliseconds(20));
  one.start(milliseconds(10));
  run_until(loop, [&] { return calls == 1 && first && second; });
  EXPECT_GE(*first - begin, milliseconds(10));
  EXPECT_GE(*second - begin, milliseconds(20));
}

TEST_F(TimerTest, StartWhileRunningChangesNothing) {
  timer.start(soon);
  timer.start(hours(1));
  run_until_calls(1);
  timer.start(hours(1));
  timer.start(now);
  run_for_a_while(loop);
  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, RestartReplacesTheDelay) {
  timer.start(hours(1));
  timer.restart(soon);
  run_until_calls(1);
  timer.start(now);
  timer.restart(hours(1));
  run_for_a_while(loop);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(timer.running());
}

TEST_F(TimerTest, StopPreventsTheCall) {
  timer.start(soon);
  timer.stop();
  EXPECT_FALSE(timer.running());
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0);
  timer.start(soon);
  run_until_calls(1);
}

// Both timers have elapsed when the first callback runs.
TEST_F(TimerTest, StopOfAnElapsedTimerPreventsTheCall) {
  timer.start(now);
  Timer stopper(
      loop, [this] { timer.stop(); }, Priority::first);
  stopper.start(now);
  timer.set_priority(Priority::idle);
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0);
}

TEST_F(TimerTest, EveryRepeatsUntilZero) {
  timer.every(milliseconds(1));
  run_until_calls(3);
  EXPECT_TRUE(timer.running());
  timer.every(now);
  EXPECT_FALSE(timer.running());
  run_for_a_while(loop);
  EXPECT_EQ(calls, 3);
}

TEST_F(TimerTest, EveryReplacesTheInterval) {
  timer.every(hours(1));
  timer.every(milliseconds(1));
  run_until_calls(2);
  timer.every(hours(1));
  run_for_a_while(loop);
  EXPECT_EQ(calls, 2);
}

TEST_F(TimerTest, StartWhileRepeatingChangesNothing) {
  timer.every(milliseconds(1));
  timer.start(hours(1));
  run_until_calls(3);
}

TEST_F(TimerTest, RestartEndsTheRepetition) {
  timer.every(milliseconds(1));
  timer.restart(now);
  run_for_a_while(loop);
  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, StopEndsTheRepetition) {
  timer.every(milliseconds(1));
  timer.stop();
  timer.start(now);
  run_for_a_while(loop);
  EXPECT_EQ(calls, 1);
}

TEST_F(TimerTest, AtInThePastCallsBackAtOnce) {
  timer.at(boot_seconds() == 0 ? 0 : boot_seconds() - 1);
  run_until_calls(1);
  EXPECT_FALSE(timer.running());
}

TEST_F(TimerTest, AtCallsBackWhenTheClockHasReachedTheTime) {
  const std::uint64_t time = boot_seconds() + 1;
  timer.at(time);
  run_until_calls(1);
  EXPECT_GE(boot_seconds(), time);
}

TEST_F(TimerTest, AtWithoutATimeStops) {
  timer.at(0);
  timer.at(std::nullopt);
  EXPECT_FALSE(timer.running());
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0);
}

TEST_F(TimerTest, EachClockReplacesTheOther) {
  timer.start(soon);
  timer.at(boot_seconds() + 3600);
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0);
  timer.restart(soon);
  run_until_calls(1);
  EXPECT_FALSE(timer.running());
}

TEST_F(TimerTest, DestructionOfARunningTimerPreventsTheCall) {
  std::optional<Timer> gone;
  gone.emplace(loop, [this] { ++calls; });
  gone->every(milliseconds(1));
  gone.reset();
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0);
}

// The text is long enough to be on the heap: AddressSanitizer sees a use after its end.
TEST_F(TimerTest, CallbackMayDestroyItsTimer) {
  std::optional<Timer> gone;
  std::string seen;
  gone.emplace(loop, [&, text = std::string("a text that is not kept in the string object")] {
    gone.reset();
    seen = text;
  });
  gone->every(milliseconds(1));
  run_until(loop, [&] { return !seen.empty(); });
  EXPECT_EQ(seen, "a text that is not kept in the string object");
  run_for_a_while(loop);
}

TEST_F(TimerTest, CallbackMayStartItsTimerAgain) {
  int rounds = 0;
  Timer again(loop, [&] {
    EXPECT_FALSE(again.running());
    if (++rounds < 3) again.start(now);
  });
  again.start(now);
  run_until(loop, [&] { return rounds == 3; });
  EXPECT_FALSE(again.running());
}

TEST_F(TimerTest, CallbackMayChangeTheInterval) {
  int rounds = 0;
  Timer repeated(loop, [&] {
    EXPECT_TRUE(repeated.running());
    repeated.every(++rounds == 1 ? microseconds(1) : microseconds(0));
  });
  repeated.every(milliseconds(1));
  run_until(loop, [&] { return rounds == 2; });
  run_for_a_while(loop);
  EXPECT_EQ(rounds, 2);
}

TEST_F(TimerTest, CallbackMayChangeTheClock) {
  int rounds = 0;
  Timer changed(loop, [&] {
    if (++rounds == 1) changed.at(0);
    if (rounds == 2) changed.every(milliseconds(1));
    if (rounds == 4) changed.stop();
  });
  changed.start(now);
  run_until(loop, [&] { return rounds == 4; });
  run_for_a_while(loop);
  EXPECT_EQ(rounds, 4);
}

TEST_F(TimerTest, ExceptionEndsRun) {
  Timer broken(loop, [] { throw std::runtime_error("the disk is on fire"); });
  broken.start(now);
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
}

TEST_F(TimerTest, ExceptionOfARepeatedCallEndsRun) {
  Timer broken(loop, [] { throw std::runtime_error("the disk is on fire"); });
  broken.every(milliseconds(1));
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
}

TEST_F(TimerTest, IdleWaitsUntilNothingIsPending) {
  const Pipe event;
  std::string order;
  event.fill();
  const Io io(loop, event.fd(), EPOLLIN, [&] {
    order += "event ";
    if (order.size() == 18) event.drain();
  });
  Timer idle(
      loop, [&] { order += "idle "; }, Priority::idle);
  idle.every(microseconds(1));
  run_until(loop, [&] { return order.size() >= 28; });
  EXPECT_EQ(order, "event event event idle idle ");
}

TEST_F(TimerTest, SetPriorityBeforeTheFirstStartIsKept) {
  const Pipe event;
  event.fill();
  int events = 0;
  const Io io(loop, event.fd(), EPOLLIN, [&] {
    if (++events == 100) event.drain();
  });
  timer.set_priority(Priority::idle);
  timer.start(now);
  run_until_calls(1);
  EXPECT_EQ(events, 100);
}

TEST_F(TimerTest, SetPriorityOfARunningTimerTakesEffect) {
  const Pipe event;
  event.fill();  // and never drained
  int events = 0;
  const Io io(loop, event.fd(), EPOLLIN, [&] {
    if (++events == 10) timer.set_priority(Priority::first);
  });
  timer.set_priority(Priority::idle);
  timer.start(now);
  run_until_calls(1);
  EXPECT_GE(events, 10);
}

}  // namespace
}  // namespace iopslimit::timer_test
