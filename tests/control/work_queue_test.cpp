// SPDX-License-Identifier: Apache-2.0
#include "control/work_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iopslimit::work_queue_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct WorkQueueTest : testing::Test {
  WorkQueue work;
  std::vector<std::string> done;
  int events = 0;
  bool still_missing = false;

  WorkQueueTest() {
    const auto worker = [this](const std::string& name) {
      return [this, name](const std::string& cgroup) { done.push_back(name + " " + cgroup); };
    };
    work.set_workers({.retry =
                          [this](const std::string& cgroup) {
                            done.push_back("retry " + cgroup);
                            if (still_missing) work.retry(cgroup);
                          },
                      .rebalance = [this] { done.emplace_back("rebalance"); },
                      .repair = worker("repair"),
                      .verify = worker("verify"),
                      .follow = worker("follow"),
                      .announce =
                          [this] {
                            if (events == 0) return false;
                            done.push_back("event " + std::to_string(events--));
                            return true;
                          }});
  }
  void run_all() {
    while (work.run_one()) {
    }
  }
};

TEST_F(WorkQueueTest, RunsEachKindInTheOrderOfItsPriority) {
  events = 2;
  work.follow({"/f"});
  work.verify("/v");
  work.repair({"/r2", "/r1"});
  work.rebalance();
  work.retry("/m");
  run_all();
  EXPECT_THAT(done, ElementsAre("retry /m", "rebalance", "repair /r1", "repair /r2", "verify /v",
                                "follow /f", "event 2", "event 1"));
}

TEST_F(WorkQueueTest, WritesLimitsBeforeEverythingElse) {
  events = 1;
  work.verify("/v");
  work.repair({"/r"});
  work.rebalance();
  work.retry("/m");
  work.write_limits();
  EXPECT_THAT(done, ElementsAre("retry /m", "rebalance"));
  work.write_limits();
  EXPECT_EQ(done.size(), 2U);
}

TEST_F(WorkQueueTest, RunsOnePieceAtATime) {
  work.verify("/a");
  work.verify("/b");
  EXPECT_TRUE(work.run_one());
  EXPECT_EQ(done.size(), 1U);
  EXPECT_TRUE(work.run_one());
  EXPECT_FALSE(work.run_one());
}

TEST_F(WorkQueueTest, RebalancesOnceForManyRequests) {
  for (int i = 0; i < 3; ++i) work.rebalance();
  EXPECT_TRUE(work.wants_rebalance());
  run_all();
  EXPECT_FALSE(work.wants_rebalance());
  EXPECT_THAT(done, ElementsAre("rebalance"));
}

TEST_F(WorkQueueTest, RetriesOnceWhereTheControllerIsStillMissing) {
  still_missing = true;
  work.retry("/m");
  work.run_retries();
  work.run_retries();
  EXPECT_THAT(done, ElementsAre("retry /m"));
}

TEST_F(WorkQueueTest, FollowsTheLatestListOnly) {
  work.follow({"/old"});
  work.follow({});
  EXPECT_FALSE(work.run_one());
  EXPECT_THAT(done, IsEmpty());
}

}  // namespace
}  // namespace iopslimit::work_queue_test
