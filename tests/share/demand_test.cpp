// SPDX-License-Identifier: Apache-2.0
#include "share/demand.hpp"

#include <gtest/gtest.h>

namespace iopslimit::demand_test {
namespace {

constexpr Terms lent{.guarantee = 200, .ceiling = 800};

/// One container, read every 250 ms.
class DemandTest : public testing::Test {
 protected:
  Demand demand;
  Moment now{1000};
  std::uint64_t ios = 0;
  std::uint64_t bytes = 0;

  Claim run(double rate, int ticks, const Terms& terms = lent, std::uint64_t limit = 200,
            double bytes_a_second = 0) {
    Claim claim;
    for (int i = 0; i < ticks; ++i) {
      ios += static_cast<std::uint64_t>(rate / 4);
      bytes += static_cast<std::uint64_t>(bytes_a_second / 4);
      demand.add(now, ios, bytes);
      claim = demand.claim(terms, limit, 4);
      now += Moment{250};
    }
    return claim;
  }
};

TEST_F(DemandTest, OneAtItsLimitIsHungryAfterTwoTicks) {
  EXPECT_FALSE(run(200, 2).hungry);
  const Claim claim = run(200, 1);
  EXPECT_TRUE(claim.hungry);
  EXPECT_EQ(claim.demand, 800U);
  EXPECT_EQ(claim.need, 200U);
}

TEST_F(DemandTest, OneBelowItsLimitIsNotHungry) {
  const Claim claim = run(100, 12);
  EXPECT_FALSE(claim.hungry);
  EXPECT_EQ(claim.demand, 101U) << "what it does";
  EXPECT_EQ(claim.need, 129U) << "a quarter more, and the spare";
}

TEST_F(DemandTest, OneThatStopsIsNotHungryAfterTwoTicks) {
  EXPECT_TRUE(run(200, 12).hungry);
  EXPECT_FALSE(run(0, 2).hungry);
}

// Seen on an md mirror on v1: a burst of 320 I/Os after a change of the limit.
TEST_F(DemandTest, ABurstAndAPauseAreNoStop) {
  EXPECT_TRUE(run(128, 12, lent, 128).hungry);
  EXPECT_TRUE(run(480, 3, lent, 128).hungry);
  EXPECT_TRUE(run(0, 6, lent, 128).hungry) << "its limit on average";
  EXPECT_FALSE(run(0, 6, lent, 128).hungry) << "it has stopped";
}

TEST_F(DemandTest, OneThatUsesNineTenthsOverASecondIsAtItsLimit) {
  run(184, 2);
  EXPECT_FALSE(demand.is_at_limit(200, 0)) << "one tick says nothing";
  run(184, 1);
  EXPECT_TRUE(demand.is_at_limit(200, 0));
  EXPECT_FALSE(demand.is_at_limit(210, 0));
  EXPECT_FALSE(demand.is_at_limit(0, 0)) << "it has none";
  run(0, 1);
  EXPECT_FALSE(demand.is_at_limit(200, 0));
}

TEST_F(DemandTest, OneThatUsesItsBandwidthIsAtItsLimit) {
  run(20, 5, lent, 200, 1e6);
  EXPECT_TRUE(demand.is_at_limit(200, 1'100'000));
  EXPECT_FALSE(demand.is_at_limit(200, 1'200'000));
  EXPECT_FALSE(demand.is_at_limit(200, 0));
}

TEST_F(DemandTest, OneThatWakesNeedsItsWholeGuaranteeAtOnceAndForTwoSeconds) {
  EXPECT_LE(run(8, 12).need, 14U);
  EXPECT_EQ(run(120, 1).need, 200U);
  EXPECT_EQ(run(8, 7).need, 200U);
  EXPECT_LT(run(8, 10).need, 200U);
}

TEST_F(DemandTest, ChanceDoesNotWake) {
  run(48, 12);
  for (const double rate : {68, 40, 60, 48, 64, 32}) EXPECT_LT(run(rate, 1).need, 100U) << rate;
}

TEST_F(DemandTest, ABorrowerIsHungryForAMomentAfterItsLimitWasRaised) {
  run(200, 8);
  demand.raised();
  EXPECT_TRUE(run(200, 4, lent, 760).hungry) << "the last second was under the old limit";
  EXPECT_FALSE(run(200, 8, lent, 760).hungry);
}

TEST_F(DemandTest, ABorrowerKeepsALoanThatItUses) {
  EXPECT_EQ(run(520, 12, lent, 760).demand, 760U);
}

TEST_F(DemandTest, ABorrowerGivesBackALoanThatItDoesNotUse) {
  EXPECT_EQ(run(300, 12, lent, 760).demand, 379U);
}

TEST_F(DemandTest, OneAtItsBandwidthIsHungry) {
  Terms terms = lent;
  terms.guarantee_bps = 1000000;
  EXPECT_TRUE(run(8, 12, terms, 200, 1000000).hungry);
  EXPECT_FALSE(run(8, 12, terms, 760, 1000000).hungry) << "its bandwidth moved along";
}

TEST_F(DemandTest, QuietAfterTenSecondsOrWhenItNeverDidAnything) {
  run(0, 1);
  EXPECT_FALSE(demand.is_quiet()) << "one reading says nothing";
  run(0, 1);
  EXPECT_TRUE(demand.is_quiet());
  run(100, 1);
  EXPECT_FALSE(demand.is_quiet());
  run(0, 40);
  EXPECT_FALSE(demand.is_quiet());
  run(0, 1);
  EXPECT_TRUE(demand.is_quiet());
}

TEST(Estimates, FollowARiseAtOnceAndAFallInSteps) {
  Estimate estimate;
  estimate.follow(100);
  estimate.follow(101);
  EXPECT_EQ(estimate.value(), 101U);
  estimate.follow(90);
  EXPECT_EQ(estimate.value(), 101U);
  estimate.follow(80);
  EXPECT_EQ(estimate.value(), 80U);
}

}  // namespace
}  // namespace iopslimit::demand_test
