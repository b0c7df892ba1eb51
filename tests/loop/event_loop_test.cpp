// SPDX-License-Identifier: Apache-2.0
#include "loop/event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>

namespace iopslimit {
namespace {

struct Pipe {
  Pipe() {
    if (pipe(ends.data()) != 0) throw std::runtime_error("pipe");
  }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void fill() const { ASSERT_EQ(write(ends[1], "x", 1), 1); }
  void drain() const {
    char byte = 0;
    ASSERT_EQ(read(ends[0], &byte, 1), 1);
  }
  std::array<int, 2> ends{};
};

TEST(EventLoop, WhatACallbackThrowsComesOutOfRun) {
  EventLoop loop;
  const Pipe event;
  event.fill();
  loop.on_ready(event.ends[0], EPOLLIN, [] { throw std::runtime_error("the disk is on fire"); });
  try {
    loop.run();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the disk is on fire");
  }
}

TEST(EventLoop, AnIdleTimerWaitsUntilNothingIsPending) {
  EventLoop loop;
  const Pipe event;
  std::string order;
  event.fill();
  loop.on_ready(event.ends[0], EPOLLIN, [&] {
    order += "news ";
    if (order.size() == 15) event.drain();
  });
  loop.every_when_idle(std::chrono::microseconds(1), [&] {
    order += "idle ";
    if (order.size() == 25) loop.quit();
  });
  loop.run();
  EXPECT_EQ(order, "news news news idle idle ");
}

TEST(EventLoop, FirstComesFirstAndIdleLast) {
  EventLoop loop;
  const Pipe late;
  const Pipe early;
  std::string order;
  late.fill();
  early.fill();
  loop.on_idle([&] {
    order += "idle ";
    loop.quit();
  });
  loop.call_when_idle();
  loop.on_ready(late.ends[0], EPOLLIN, [&] {
    late.drain();
    order += "late ";
  });
  loop.on_ready(
      early.ends[0], EPOLLIN,
      [&] {
        early.drain();
        order += "early ";
      },
      true);
  loop.run();
  EXPECT_EQ(order, "early late idle ");
}

// Descriptors that are never drained: somebody fills them without end.
TEST(EventLoop, WhatComesFirstTakesTurnsWhenItIsTold) {
  EventLoop loop;
  const Pipe flood;
  const Pipe other;
  flood.fill();
  other.fill();
  int floods = 0;
  int others = 0;
  loop.on_ready(
      flood.ends[0], EPOLLIN,
      [&] {
        if (++floods == 10) loop.take_turns(true);
        if (floods == 20) loop.quit();
      },
      true);
  loop.on_ready(other.ends[0], EPOLLIN, [&] {
    EXPECT_GE(floods, 10) << "it came before what comes first";
    ++others;
  });
  int idle = 0;
  loop.on_idle([&] {
    EXPECT_GE(floods, 10) << "it came before what comes first";
    ++idle;
    loop.call_when_idle();
  });
  loop.call_when_idle();
  loop.run();
  EXPECT_GE(others, 8) << "it did not have every third turn";
  EXPECT_GE(idle, 8) << "it did not have every third turn";
}

TEST(EventLoop, TheFirstComesFirstAgainWhenTurnsAreOver) {
  EventLoop loop;
  const Pipe urgent;
  const Pipe other;
  std::string order;
  loop.on_ready(
      urgent.ends[0], EPOLLIN,
      [&] {
        order += 'u';
        urgent.drain();
      },
      true);
  loop.on_ready(other.ends[0], EPOLLIN, [&] {
    order += 'o';
    other.drain();
    if (order.size() == 4) loop.quit();
  });
  loop.on_idle([&] {
    order += '-';
    loop.take_turns(false);
    other.fill();
    urgent.fill();
  });
  loop.take_turns(true);
  other.fill();
  loop.call_when_idle(std::chrono::milliseconds(20));
  loop.run();
  EXPECT_EQ(order, "o-uo");
}

TEST(EventLoop, IdleIsCalledOnceForEachAsking) {
  EventLoop loop;
  int calls = 0;
  loop.on_idle([&] {
    if (++calls == 2) return loop.quit();
    loop.call_when_idle();
  });
  loop.call_when_idle();
  loop.call_when_idle();
  loop.run();
  EXPECT_EQ(calls, 2);
}

// What was asked for with a delay comes before an alarm that is later, not before one that is
// sooner.
TEST(EventLoop, IdleWaitsForItsDelay) {
  EventLoop loop;
  std::string order;
  loop.on_idle([&] {
    order += "idle ";
    loop.ring_in(std::chrono::milliseconds(10));
  });
  loop.on_alarm([&] {
    order += "alarm ";
    if (order.size() >= 17) return loop.quit();
    loop.call_when_idle();  // it was asked for already: that stays
  });
  loop.call_when_idle(std::chrono::milliseconds(60));
  loop.ring_in(std::chrono::milliseconds(10));
  loop.run();
  EXPECT_EQ(order, "alarm idle alarm ");
}

TEST(EventLoop, SignalsAreCalledBack) {
  EventLoop loop;
  int reloads = 0;
  loop.on_signal(SIGHUP, [&] {
    ++reloads;
    loop.quit();
  });
  ASSERT_EQ(kill(getpid(), SIGHUP), 0);
  loop.run();
  EXPECT_EQ(reloads, 1);
}

TEST(EventLoop, TheTimerComesAgainAndAnotherReplacesIt) {
  EventLoop loop;
  int first = 0;
  int second = 0;
  loop.every(std::chrono::seconds(1), [&] { ++first; });
  loop.every(std::chrono::seconds(1), [&] {
    if (++second == 2) loop.quit();
  });
  loop.run();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 2);
}

TEST(EventLoop, TheAlarmRingsOnceHoweverOftenItIsAskedFor) {
  EventLoop loop;
  int rings = 0;
  loop.on_alarm([&] {
    if (++rings == 2) return loop.quit();
    loop.ring_in(std::chrono::milliseconds(1));
  });
  loop.ring_in(std::chrono::milliseconds(1));
  loop.ring_in(std::chrono::hours(1));  // does not put it off
  loop.run();
  EXPECT_EQ(rings, 2);
}

}  // namespace
}  // namespace iopslimit
