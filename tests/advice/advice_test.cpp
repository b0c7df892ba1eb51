// SPDX-License-Identifier: Apache-2.0
// What the advice is worth: replayed loads of which all is known.
#include "advice/advice.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <vector>

#include "support/usage_replay.hpp"

namespace iopslimit::advice_test {
namespace {

using testing::Each;
using testing::Ge;

constexpr Minute day = 24 * 60;
constexpr double margin = 1.15;
constexpr double one_bucket = 1.2;

// Log-normal, as the I/O of servers tends to be: now 3 and now 3,000.
std::vector<double> series(double median, double spread, Minute minutes, unsigned seed) {
  std::mt19937 random(seed);
  std::lognormal_distribution<double> next(std::log(median), spread);
  std::vector<double> all(minutes);
  for (double& one : all) one = next(random);
  return all;
}

double quantile_of(std::vector<double> all, double part) {
  std::ranges::sort(all);
  return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
}

TEST(Advice, IsWithinOneBucketOfTheKnownQuantile) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const auto all = series(20 + 40 * seed, 0.2 + 0.1 * (seed % 10), day, seed);
    UsageReplay replay(std::chrono::hours(720));  // all minutes count nearly the same
    replay.run(all.size(), [&, at = std::size_t{0}](Minute) mutable { return all[at++]; });
    const AdvisedLimit advice = replay.advice();
    const double expected = margin * quantile_of(all, 0.95);
    EXPECT_LE(static_cast<double>(advice.target), expected * one_bucket) << seed;
    EXPECT_GE(static_cast<double>(advice.target), expected / one_bucket) << seed;
    EXPECT_LE(static_cast<double>(advice.low), margin * quantile_of(all, 0.5) * one_bucket);
    EXPECT_GE(static_cast<double>(advice.high), margin * quantile_of(all, 0.99));
    EXPECT_FALSE(advice.capped);
  }
}

TEST(Advice, ADoubledLoadShowsAfterAHalfLife) {
  UsageReplay replay;
  const auto steady = [](double iops) { return [iops](Minute) { return iops; }; };
  replay.run(7 * day, steady(200));
  const auto before = replay.advice().target;
  replay.run(day, steady(400));
  EXPECT_GE(static_cast<double>(replay.advice().target),
            2 * static_cast<double>(before) / one_bucket);
  EXPECT_GE(replay.advice().target, 400U);
}

TEST(Advice, ALoadThatEndedIsForgotten) {
  UsageReplay replay;
  replay.run(7 * day, [](Minute) { return 2000; });
  replay.run(6 * day, [](Minute) { return 100; });
  EXPECT_LT(replay.advice().target, 150U);
}

// The rounds until the limit reaches 90 % of 1.15 times what 95 % of the minutes want; each day
// somebody sets what is advised. 100: never.
int rounds_until_enough(std::uint64_t limit, bool censored) {
  const double wanted = 5.0 * static_cast<double>(limit);
  std::mt19937 random(7);
  std::normal_distribution<double> next(wanted, wanted / 20);
  UsageReplay replay;
  replay.limit = limit;
  replay.censored = censored;
  const double p95 = wanted * (1 + 1.645 / 20);
  for (int round = 0; round < 20; ++round) {
    if (static_cast<double>(replay.limit) >= 0.9 * p95) return round;
    replay.run(day, [&](Minute) { return next(random); });
    replay.limit = replay.advice().target;
    // Without the knowledge of a limit there is no margin to find either: krr's rule.
    if (!censored) replay.limit = std::min(replay.limit, replay.advice().p95);
  }
  return 100;
}

TEST(Advice, FindsWhatACappedWorkloadNeeds) {
  std::vector<int> plain;
  for (std::uint64_t limit = 50; limit < 8000; limit = limit * 5 / 4) {
    EXPECT_LE(rounds_until_enough(limit, true), 6) << limit;
    plain.push_back(rounds_until_enough(limit, false));
  }
  EXPECT_THAT(plain, Each(Ge(7))) << "a plain quantile stays near the limit";
}

TEST(Advice, SaysThatALimitHidesTheNeed) {
  UsageReplay replay;
  replay.limit = 500;
  replay.run(2 * day, [](Minute minute) { return minute % 10 == 0 ? 2000 : 100; });
  const AdvisedLimit advice = replay.advice();
  EXPECT_TRUE(advice.capped);
  EXPECT_NEAR(static_cast<double>(advice.at_limit_permille), 100, 5);
  EXPECT_NEAR(static_cast<double>(advice.target), 690, 69);
}

TEST(Advice, ARareTouchOfTheLimitIsNoCap) {
  UsageReplay replay;
  replay.limit = 500;
  replay.run(2 * day, [](Minute minute) { return minute % 50 == 0 ? 2000 : 100; });
  EXPECT_FALSE(replay.advice().capped);
}

TEST(Advice, IsEarlyForADay) {
  WorkloadHistory one{.first = 100, .last = 100 + day - 1};
  EXPECT_TRUE(advice_for(UsageReplay::key(), one).early);
  EXPECT_GT(advice_for(UsageReplay::key(), one).observed_seconds, 86000U);
  ++one.last;
  EXPECT_FALSE(advice_for(UsageReplay::key(), one).early);
}

TEST(Advice, TheHighOneIsWiderTheLessIsKnown) {
  WorkloadHistory one{.first = 100, .last = 100 + day};
  one.ways[0].usage.add(1000, 1);
  const auto after_a_day = advice_for(UsageReplay::key(), one).read;
  one.last += 7 * day;
  const auto after_a_week = advice_for(UsageReplay::key(), one).read;
  EXPECT_NEAR(static_cast<double>(after_a_day.high), 2.3 * static_cast<double>(after_a_day.p99), 2);
  EXPECT_LT(after_a_week.high, after_a_day.high);
  EXPECT_EQ(after_a_week.target, after_a_day.target);
}

TEST(Advice, ATotalIsForNearlyEveryMinute) {
  WorkloadHistory sum;
  sum.ways[0].usage.add(100, 97);
  sum.ways[0].usage.add(3000, 3);
  EXPECT_NEAR(static_cast<double>(advice_for({}, sum).read.target), 3450, 345);
  EXPECT_TRUE(advice_for({}, sum).total);
  EXPECT_LT(advice_for(UsageReplay::key(), sum).read.target, 150U);
}

TEST(Advice, NamesThePods) {
  WorkloadHistory one;
  EXPECT_EQ(advice_for(UsageReplay::key(), one).pods, "db-*");
  one.facts.cut_names = true;
  EXPECT_EQ(advice_for(UsageReplay::key(), one).pods, "db*");
  one.facts = {.one_pod = true};
  EXPECT_EQ(advice_for(UsageReplay::key(), one).pods, "db");
  EXPECT_EQ(advice_for(UsageReplay::key(), one).read.target, 10U) << "an idle one keeps the least";
}

}  // namespace
}  // namespace iopslimit::advice_test
