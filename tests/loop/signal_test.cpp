// SPDX-License-Identifier: Apache-2.0
#include "loop/signal.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <optional>
#include <stdexcept>
#include <string>

#include "loop/io.hpp"
#include "support/loop_runs.hpp"
#include "support/pipe.hpp"

namespace iopslimit::signal_test {
namespace {

void send(int signal) {
  ASSERT_EQ(kill(getpid(), signal), 0);
}

/// Takes a blocked signal from the process; false if none is pending.
bool take(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  constexpr timespec at_once{};
  return sigtimedwait(&set, nullptr, &at_once) == signal;
}

struct SignalTest : testing::Test {
  EventLoop loop;
  std::string order;

  void run_until_noted(std::size_t count) {
    run_until(loop, [&] { return order.size() >= count; });
  }
};

TEST_F(SignalTest, CallsBackInPlaceOfTheDefaultAction) {
  const Signal hangup(loop, SIGHUP, [&] { order += 'h'; });
  const Signal user(loop, SIGUSR1, [&] { order += 'u'; });
  send(SIGHUP);
  run_until_noted(1);
  send(SIGUSR1);
  run_until_noted(2);
  EXPECT_EQ(order, "hu");
}

TEST_F(SignalTest, PrioritiesDecideTheOrder) {
  const Pipe pipe;
  const Signal idle(
      loop, SIGHUP, [&] { order += 'i'; }, Priority::idle);
  const Signal first(
      loop, SIGUSR1, [&] { order += 'f'; }, Priority::first);
  const Io normal(loop, pipe.fd(), EPOLLIN, [&] {
    pipe.drain();
    order += 'n';
  });
  send(SIGHUP);
  pipe.fill();
  send(SIGUSR1);
  run_until_noted(3);
  EXPECT_EQ(order, "fni");
}

TEST_F(SignalTest, StaysBlockedAfterDestruction) {
  std::optional<Signal> gone;
  gone.emplace(loop, SIGUSR2, [&] { order += 'g'; });
  gone.reset();
  send(SIGUSR2);
  run_for_a_while(loop);
  EXPECT_EQ(order, "");
  EXPECT_TRUE(take(SIGUSR2));
}

// The text is long enough to be on the heap: AddressSanitizer sees a use after its end.
TEST_F(SignalTest, CallbackMayDestroyItsObject) {
  std::optional<Signal> gone;
  gone.emplace(loop, SIGHUP, [&, text = std::string("a text that is not kept in the object")] {
    gone.reset();
    order += text;
  });
  send(SIGHUP);
  run_until_noted(1);
  EXPECT_EQ(order, "a text that is not kept in the object");
}

TEST_F(SignalTest, ExceptionEndsRun) {
  const Signal signal(loop, SIGHUP, [] { throw std::runtime_error("the disk is on fire"); });
  send(SIGHUP);
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
}

}  // namespace
}  // namespace iopslimit::signal_test
