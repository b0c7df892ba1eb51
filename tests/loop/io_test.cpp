// SPDX-License-Identifier: Apache-2.0
#include "loop/io.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "support/loop_runs.hpp"
#include "support/pipe.hpp"

namespace iopslimit::io_test {
namespace {

struct IoTest : testing::Test {
  EventLoop loop;
  Pipe pipe;
  Pipe other;
  std::string order;

  /// Drains `from` and notes `letter`.
  EventLoop::Callback note(const Pipe& from, char letter) {
    return [this, &from, letter] {
      from.drain();
      order += letter;
    };
  }
  void run_until_noted(std::size_t count) {
    run_until(loop, [&] { return order.size() >= count; });
  }
};

TEST_F(IoTest, CallsBackForEachEvent) {
  const Io io(loop, pipe.fd(), EPOLLIN, note(pipe, 'a'));
  run_for_a_while(loop);
  EXPECT_EQ(order, "");
  pipe.fill();
  pipe.fill();
  run_until_noted(2);
  run_for_a_while(loop);
  EXPECT_EQ(order, "aa");
}

TEST_F(IoTest, PrioritiesDecideTheOrder) {
  const Pipe third;
  const Io idle(loop, third.fd(), EPOLLIN, note(third, 'i'), Priority::idle);
  const Io normal(loop, pipe.fd(), EPOLLIN, note(pipe, 'n'));
  const Io first(loop, other.fd(), EPOLLIN, note(other, 'f'), Priority::first);
  third.fill();
  pipe.fill();
  other.fill();
  run_until_noted(3);
  EXPECT_EQ(order, "fni");
}

// The pipes are never drained: somebody fills them without end.
TEST_F(IoTest, DemotedFloodLeavesTurnsToTheOthers) {
  int floods = 0;
  int others = 0;
  int idle = 0;
  Timer timer(
      loop,
      [&] {
        EXPECT_GE(floods, 10) << "before the flood was demoted";
        ++idle;
        timer.start({});
      },
      Priority::idle);
  std::optional<Io> flood;
  flood.emplace(
      loop, pipe.fd(), EPOLLIN,
      [&] {
        if (++floods != 10) return;
        flood->set_priority(Priority::normal);
        timer.set_priority(Priority::normal);
      },
      Priority::first);
  const Io io(loop, other.fd(), EPOLLIN, [&] {
    EXPECT_GE(floods, 10) << "before the flood was demoted";
    ++others;
  });
  pipe.fill();
  other.fill();
  timer.start({});
  run_until(loop, [&] { return floods >= 20; });
  EXPECT_GE(others, 8) << "less than every third turn";
  EXPECT_GE(idle, 8) << "less than every third turn";
}

TEST_F(IoTest, RestoredPriorityComesFirstAgain) {
  Io urgent(loop, pipe.fd(), EPOLLIN, note(pipe, 'u'), Priority::first);
  const Io io(loop, other.fd(), EPOLLIN, note(other, 'o'));
  urgent.set_priority(Priority::normal);
  other.fill();
  run_until_noted(1);
  urgent.set_priority(Priority::first);
  other.fill();
  pipe.fill();
  run_until_noted(3);
  EXPECT_EQ(order, "ouo");
}

TEST_F(IoTest, DestructionPreventsThePendingCall) {
  std::optional<Io> gone;
  gone.emplace(loop, pipe.fd(), EPOLLIN, note(pipe, 'g'));
  const Io io(
      loop, other.fd(), EPOLLIN,
      [&] {
        other.drain();
        order += 'o';
        gone.reset();
      },
      Priority::first);
  pipe.fill();
  other.fill();
  run_for_a_while(loop);
  EXPECT_EQ(order, "o");
}

// The text is long enough to be on the heap: AddressSanitizer sees a use after its end.
TEST_F(IoTest, CallbackMayDestroyItsObject) {
  std::optional<Io> gone;
  gone.emplace(loop, pipe.fd(), EPOLLIN,
               [&, text = std::string("a text that is not kept in the string object")] {
                 gone.reset();
                 order += text;
               });
  pipe.fill();  // and never drained
  run_for_a_while(loop);
  EXPECT_EQ(order, "a text that is not kept in the string object");
}

TEST_F(IoTest, ExceptionEndsRun) {
  const Io io(loop, pipe.fd(), EPOLLIN, [] { throw std::runtime_error("the disk is on fire"); });
  pipe.fill();
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
}

TEST_F(IoTest, BadDescriptorThrows) {
  EXPECT_THROW(Io(loop, -1, EPOLLIN, [] {}), std::system_error);
}

}  // namespace
}  // namespace iopslimit::io_test
