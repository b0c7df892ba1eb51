// SPDX-License-Identifier: Apache-2.0
// Deferred work beside sources that are never done.
#include "service/scheduler.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <chrono>

#include "support/loop_runs.hpp"
#include "support/pipe.hpp"

namespace iopslimit::scheduler_test {
namespace {

using Clock = std::chrono::steady_clock;

struct SchedulerTest : testing::Test {
  EventLoop loop;
  Pipe flood;  // readable all the time
  Pipe cgroups;
  WorkQueue work;
  int events = 0;  // that the flood brought
  int cgroup_reads = 0;
  int left = 1000;  // pieces of work
  Scheduler scheduler{loop,
                      cgroups.fd(),
                      work,
                      {.read_cgroups =
                           [this] {
                             ++cgroup_reads;
                             return false;
                           },
                       .finished = [] {}}};

  SchedulerTest() {
    const auto none = [](const std::string&) {};
    work.set_workers({.retry = none,
                      .rebalance = [] {},
                      .repair = none,
                      .verify = none,
                      .follow = none,
                      .announce = [this] { return left > 0 && left-- > 0; }});
    flood.fill();
  }
  void expect_work_done_beside(Priority priority) {
    Io endless(
        loop, flood.fd(), EPOLLIN, [this] { ++events; }, priority);
    scheduler.request();
    const auto end = Clock::now() + std::chrono::seconds(5);
    while ((left > 0 || events == 0) && Clock::now() < end)
      ASSERT_GT(sd_event_run(loop.event(), 1000000), 0);
    EXPECT_EQ(left, 0) << "the work waits as long as there are other events: " << events;
  }
};

TEST_F(SchedulerTest, RunsWorkBesideAFloodOfCalls) {
  expect_work_done_beside(Priority::idle);
}

TEST_F(SchedulerTest, RunsOldWorkBesideAnyFlood) {
  expect_work_done_beside(Priority::normal);
}

TEST_F(SchedulerTest, RunsWorkBesideAFloodOfCgroupEventsAndOfCalls) {
  cgroups.fill();
  expect_work_done_beside(Priority::idle);
  EXPECT_GT(events, 0) << "the calls wait as long as there are cgroup events";
}

TEST_F(SchedulerTest, ReadsCgroupsFirst) {
  Io endless(
      loop, flood.fd(), EPOLLIN, [this] { ++events; }, Priority::idle);
  for (int turn = 0; turn < 10; ++turn) ASSERT_GT(sd_event_run(loop.event(), 1000000), 0);
  cgroups.fill();
  ASSERT_GT(sd_event_run(loop.event(), 1000000), 0);
  EXPECT_EQ(cgroup_reads, 1);
}

}  // namespace
}  // namespace iopslimit::scheduler_test
