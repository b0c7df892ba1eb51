// SPDX-License-Identifier: Apache-2.0
#include "advice/history.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <numeric>
#include <string>

#include "support/usage_replay.hpp"

namespace iopslimit::history_test {
namespace {

using std::chrono::hours;

const WorkloadKey db{"shop", "db", "postgres"};
constexpr Minute start = 29000000;
constexpr Minute day = 24 * 60;

double sum(const WorkloadHistory& one) {
  double sum = 0;
  for (std::size_t bucket = 0; bucket < UsageHistogram::buckets; ++bucket)
    sum += one.ways[0].usage.weight(bucket);
  return sum;
}

double idle_part(const WorkloadHistory& one) {
  return one.ways[0].usage.weight(0) / sum(one);
}

class HistoryTest : public testing::Test {
 protected:
  History history{hours(24)};
  std::uint64_t round = 1;

  WorkloadHistory* see(Minute now, const WorkloadKey& key = db, const WorkloadFacts& facts = {}) {
    return history.see(key, facts, now, ++round);
  }
  void add(Minute now, double iops, bool at_limit = false, bool limited = false,
           double seconds = 15) {
    WorkloadHistory* one = see(now);
    ASSERT_NE(one, nullptr);
    history.add(*one, usage(iops, at_limit, limited, seconds), now);
  }
  const WorkloadHistory& of(const WorkloadKey& key = db) {
    history.finish_before(UINT64_MAX);
    return history.workloads().at(key);
  }
};

TEST_F(HistoryTest, TheLargestSampleOfAMinuteCounts) {
  for (const double iops : {10.0, 900.0, 30.0}) add(start, iops);
  EXPECT_EQ(sum(of()), 1);
  EXPECT_NEAR(of().ways[0].usage.quantile(1), 900, 90);
}

TEST_F(HistoryTest, AHalfLifeHalvesTheWeight) {
  add(start, 100);
  add(start + day, 1000);
  see(start + day + 1);
  const UsageHistogram& usage = of().ways[0].usage;
  const double newer = usage.weight(static_cast<std::size_t>(1 + std::log(1000) / std::log(1.2)));
  const double older = usage.weight(static_cast<std::size_t>(1 + std::log(100) / std::log(1.2)));
  EXPECT_NEAR(newer / older, 2, 1e-3);
}

// The same weights as if each minute had been added alone.
TEST_F(HistoryTest, IdleMinutesAreAddedInOneStep) {
  add(start, 100);
  add(start + 1000, 100);
  double expected = 0;
  for (Minute minute = 1; minute < 1000; ++minute)
    expected += std::exp2(static_cast<double>(minute) / day);
  EXPECT_NEAR(of().ways[0].usage.weight(0), expected, expected * 1e-5);
}

TEST_F(HistoryTest, WhoIsAwayIsNotIdle) {
  add(start, 100);
  see(start + 10);
  ++round;  // a check that did not find it
  add(start + 600, 100);
  EXPECT_NEAR(sum(of()), 11, 0.5) << "two busy minutes and nine idle ones";
}

TEST_F(HistoryTest, WhoIsThereAndIdleCountsWithoutASample) {
  see(start);
  see(start + 60);
  EXPECT_EQ(idle_part(of()), 1);
  EXPECT_NEAR(sum(of()), 60, 1.5);
}

TEST_F(HistoryTest, ASampleOfAMinuteThatIsNotOverIsNoIdleMinute) {
  add(start, 100);
  see(start + 1);
  history.workloads();
  EXPECT_EQ(of().ways[0].usage.weight(0), 0);
  EXPECT_EQ(sum(of()), 1);
}

TEST_F(HistoryTest, ALimitInForceMakesASampleMeanAtLeast) {
  add(start, 500, true, true);
  EXPECT_NEAR(of().ways[0].usage.quantile(1), 600, 60);
  EXPECT_EQ(of().ways[0].limited_minutes, 1);
  EXPECT_EQ(of().ways[0].limited_seconds, 0.25F);
}

TEST_F(HistoryTest, ALimitThatIsNotInForceIsCountedOnly) {
  add(start, 1000, true, false);
  EXPECT_NEAR(of().ways[0].usage.quantile(1), 1000, 100);
  EXPECT_EQ(of().ways[0].limited_minutes, 1);
}

TEST_F(HistoryTest, AnotherLimitForgetsTheTimeAtTheOldOne) {
  WorkloadHistory* one = see(start, db, {.limits = {500, 500}});
  history.add(*one, usage(500, true, true), start);
  see(start + 1, db, {.limits = {500, 500}});
  EXPECT_EQ(of().ways[0].limited_minutes, 1);
  see(start + 2, db, {.limits = {700, 500}});
  EXPECT_EQ(of().ways[0].limited_minutes, 0);
  EXPECT_NEAR(sum(of()), 2, 0.01) << "the use itself stays";
}

TEST_F(HistoryTest, WeightsStayFiniteForYears) {
  for (Minute minute = 0; minute < 1000 * day; minute += day / 4) add(start + minute, 100);
  EXPECT_TRUE(std::isfinite(sum(of())));
  EXPECT_NEAR(idle_part(of()), 1, 0.01);
  EXPECT_LT(history.now() - history.reference(), 40 * day);
}

TEST_F(HistoryTest, AnotherHalfLifeKeepsThePast) {
  add(start, 100);
  add(start + 1, 100);
  see(start + 2);
  const double before = sum(of());
  history.set_half_life(hours(240));
  EXPECT_NEAR(sum(of()), before, 0.01);
}

TEST_F(HistoryTest, AClockThatWasSetBackKeepsThePast) {
  add(start, 100);
  add(start + 1, 100);
  add(start - 500 * day, 100);
  add(start - 500 * day + 1, 100);
  EXPECT_NEAR(sum(of()), 4, 0.1);
  EXPECT_LE(of().first, start - 500 * day);
}

TEST_F(HistoryTest, ALeapOfTheClockIsNotIdleTime) {
  add(start, 100);
  see(start + 1);
  add(start + 20 * day, 100);
  EXPECT_EQ(of().ways[0].usage.weight(0), 0);
}

TEST_F(HistoryTest, ForgetsWhoWasNotSeenForEightDays) {
  see(start);
  see(start, {"batch", "etl", "etl"});
  see(start + 8 * day);
  history.drop_old();
  EXPECT_EQ(history.workloads().size(), 2U);
  see(start + 8 * day + 1);
  history.drop_old();
  EXPECT_EQ(history.workloads().size(), 1U);
  EXPECT_TRUE(history.workloads().contains(db));
}

TEST_F(HistoryTest, TheOneNotSeenForLongestMakesRoom) {
  for (std::size_t i = 0; i < History::most_workloads; ++i)
    history.see({"many", "w" + std::to_string(i), "c"}, {}, start + i, 2);
  round = 3;
  EXPECT_NE(see(start + 10000), nullptr);
  EXPECT_EQ(history.workloads().size(), History::most_workloads);
  EXPECT_FALSE(history.workloads().contains({"many", "w0", "c"}));
}

TEST_F(HistoryTest, WhoExistsDoesNotMakeRoom) {
  for (std::size_t i = 0; i < History::most_workloads; ++i)
    history.see({"many", "w" + std::to_string(i), "c"}, {}, start, 2);
  EXPECT_EQ(history.see(db, {}, start, 2), nullptr);
  EXPECT_EQ(history.see({"x", "y", "z"}, {}, start, 2), nullptr);
  EXPECT_EQ(history.workloads().size(), History::most_workloads);
}

TEST_F(HistoryTest, AThousandWorkloadsTakeLessThanAMegabyte) {
  const auto before = mallinfo2().uordblks;
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    WorkloadHistory* one = history.see(
        {"payments-production-" + number, "checkout-service-" + number, "main-container"}, {},
        start, 2);
    for (double iops = 1; iops < 1e5; iops *= 1.2) history.add(*one, usage(iops), start);
  }
  const auto used = mallinfo2().uordblks - before;
  if (used == 0) GTEST_SKIP() << "another allocator counts nothing";
  EXPECT_GT(used, 1000 * sizeof(WorkloadHistory));
  EXPECT_LT(used, 1U << 20U);
}

}  // namespace
}  // namespace iopslimit::history_test
