// SPDX-License-Identifier: Apache-2.0
#include "control/fair_share.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <iostream>
#include <random>

#include "support/simulated_disk.hpp"

namespace iopslimit::fair_share_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Container = SimulatedDisk::Container;

constexpr double everything = 1e9;

Container& hog(SimulatedDisk& disk, std::uint64_t guarantee, ShareTerms terms = {}) {
  Container& one = disk.add(guarantee, terms);
  one.want = everything;
  one.depth = 32;
  return one;
}

Container& wanting(SimulatedDisk& disk, double want, std::uint64_t guarantee) {
  Container& one = disk.add(guarantee);
  one.want = want;
  return one;
}

ShareTerms lending(std::uint64_t weight = 100, std::uint64_t ceiling = 0) {
  return {.lend = true, .ceiling_iops = ceiling, .weight = weight};
}

// ---- a fair total ----

double quiet_rate_beside_two_hogs(bool sharing, bool kernel_total) {
  SimulatedDisk disk(800, 1200);
  disk.sharing = sharing;
  disk.kernel_total = kernel_total;
  hog(disk, 500);
  hog(disk, 500);
  Container& quiet = wanting(disk, 50, 500);
  disk.run(10);
  return SimulatedDisk::mean(quiet, 5);
}

TEST(FairShare, AQuietOneDoesNotWaitBehindTwoHogs) {
  EXPECT_LT(quiet_rate_beside_two_hogs(false, true), 35) << "the model does not show the problem";
  EXPECT_GE(quiet_rate_beside_two_hogs(true, true), 47.5);
}

TEST(FairShare, WhereTheKernelHoldsNoTotalTheBusyAreCutToIt) {
  SimulatedDisk disk(800);
  disk.kernel_total = false;
  const Container& one = hog(disk, 500);
  const Container& other = hog(disk, 500);
  disk.run(10);
  EXPECT_NEAR(SimulatedDisk::mean(one, 5), 388, 5);
  EXPECT_NEAR(SimulatedDisk::mean(other, 5), 388, 5);
}

TEST(FairShare, OneBusyAmongAHundredIdleOnesHasItsOwnLimit) {
  SimulatedDisk disk(3000);
  disk.kernel_total = false;
  for (int i = 0; i < 100; ++i) disk.add(500);
  const Container& busy = hog(disk, 500);
  disk.run(10);
  EXPECT_EQ(SimulatedDisk::mean(busy, 5), 500);
  EXPECT_EQ(disk.writes, 0U);
}

TEST(FairShare, FourGuaranteesThatDoNotFitAreMaxMinFair) {
  SimulatedDisk disk(800, 1200);
  std::vector<Container*> hogs;
  for (int i = 0; i < 3; ++i) hogs.push_back(&hog(disk, 500));
  const Container& quiet = wanting(disk, 50, 500);
  disk.run(15);
  EXPECT_GE(SimulatedDisk::mean(quiet, 5), 47.5);
  for (const Container* one : hogs) EXPECT_NEAR(SimulatedDisk::mean(*one, 5), 250, 25);
}

TEST(FairShare, CutsAreOverWhenTheOthersStop) {
  SimulatedDisk disk(800, 1200);
  Container& one = hog(disk, 500);
  Container& other = hog(disk, 500);
  disk.run(10);
  ASSERT_LT(one.limit, 500);
  other.want = 0;
  disk.run(6);
  EXPECT_EQ(one.limit, 500);
  EXPECT_EQ(other.limit, 500);
}

TEST(FairShare, NothingChangesWhileTheTotalIsEnough) {
  SimulatedDisk disk(1200, 2000);
  hog(disk, 500);
  hog(disk, 500);
  wanting(disk, 50, 500);
  disk.run(20);
  EXPECT_EQ(disk.writes, 0U);
}

TEST(FairShare, WhatExemptOnesUseComesOffTheTotal) {
  SimulatedDisk disk(800);
  disk.kernel_total = false;
  Container& one = hog(disk, 500);
  Container& other = hog(disk, 500);
  Container& exempt = wanting(disk, 300, 100000);
  exempt.workload.decision = {.verdict = Verdict::exempt};
  exempt.limit = everything;
  FairShare share(std::make_unique<FixedAllocator>());
  const Targets targets{{.device = {.devnum = {259, 0}}, .uses = {{}}, .total_iops = 800}};
  share.reset(targets);
  double time = 0;
  double done = 0;
  double exempt_done = 0;
  const auto counts = [](double ios) {
    return IoCounts{{{259, 0}, {.read_ios = static_cast<std::uint64_t>(ios)}}};
  };
  for (int round = 0; round < 20; ++round) {
    time += 250;
    for (const Container* each : {&one, &other})
      done +=
          0.25 * static_cast<double>(share.allot(0, each->workload, symmetric(500)).read_iops) / 2;
    exempt_done += 75;
    share.begin(Moment{static_cast<std::int64_t>(time)}, counts(2 * done + exempt_done));
    share.add(one.workload, counts(done), true, true);
    share.add(other.workload, counts(done), true, true);
    share.add(exempt.workload, counts(exempt_done), false, true);
    share.divide();
  }
  EXPECT_NEAR(static_cast<double>(share.allot(0, one.workload, symmetric(500)).read_iops), 236, 8);
  EXPECT_FALSE(share.has_unknown_io());
}

// ---- lending ----

TEST(FairShare, AHogAloneIsLentAlmostAll) {
  SimulatedDisk disk(800, 1200);
  const Container& one = hog(disk, 200, lending());
  for (int i = 0; i < 3; ++i) disk.add(200);
  disk.run(3);
  EXPECT_GE(one.per_second.back(), 0.85 * 800);
  disk.run(30);
  EXPECT_LE(one.writes, 3U);
}

TEST(FairShare, NobodyBorrowsWithoutLend) {
  SimulatedDisk disk(800, 1200);
  const Container& one = hog(disk, 200);
  disk.run(10);
  EXPECT_EQ(one.limit, 200);
}

TEST(FairShare, TwoHogsBorrowByWeight) {
  SimulatedDisk disk(800, 1200);
  const Container& one = hog(disk, 200, lending(100));
  const Container& other = hog(disk, 200, lending(300));
  disk.run(10);
  const double light = SimulatedDisk::mean(one, 5);
  const double heavy = SimulatedDisk::mean(other, 5);
  EXPECT_GE(light + heavy, 0.85 * 800);
  EXPECT_NEAR(heavy / light, 3, 0.3);
}

TEST(FairShare, ALoanEndsAtTheCeiling) {
  SimulatedDisk disk(800, 1200);
  const Container& one = hog(disk, 200, lending(100, 300));
  disk.run(10);
  EXPECT_EQ(one.limit, 300);
}

// The lowest rate of the lender in a whole second from one second after it woke up.
double lowest_after_waking(bool recalls, double seconds_quiet = 10) {
  SimulatedDisk disk(800, 1200);
  hog(disk, 200, lending());
  Container& lender = disk.add(200);
  lender.depth = 4;
  disk.run(seconds_quiet);
  disk.sharing = recalls;
  lender.want = everything;
  disk.run(10);
  return *std::min_element(lender.per_second.end() - 9, lender.per_second.end());
}

TEST(FairShare, ALenderThatWakesHasItsGuaranteeAtOnce) {
  EXPECT_LT(lowest_after_waking(false), 180) << "the model does not show the problem";
  EXPECT_GE(lowest_after_waking(true), 180);
  EXPECT_GE(lowest_after_waking(true, 60), 180) << "it is no member any more";
}

TEST(FairShare, ASmallRaiseWaitsForMoreThatStop) {
  SimulatedDisk disk(2800, 4000);
  std::vector<Container*> hogs;
  for (int i = 0; i < 14; ++i) hogs.push_back(&hog(disk, 100, lending()));
  disk.run(20);
  const Container& one = *hogs[0];
  const double before = one.limit;
  hogs[13]->want = 0;
  disk.run(3);
  const double after_one = one.limit;
  EXPECT_GT(after_one, 1.05 * before) << "the last raise is long ago";
  hogs[12]->want = 0;
  disk.run(2.5);
  EXPECT_EQ(one.limit, after_one);
  disk.run(5);
  EXPECT_GT(one.limit, 1.05 * after_one);
}

TEST(FairShare, ConstantLoadLeavesTheLimitsAlone) {
  SimulatedDisk disk(800, 1200);
  hog(disk, 200, lending());
  hog(disk, 200, lending());
  wanting(disk, 90, 200);
  wanting(disk, 30, 200);
  disk.run(10);
  const std::uint64_t before = disk.writes;
  disk.run(30);
  EXPECT_LE(disk.writes - before, 3U * 4);
  for (const Container& one : disk.containers) EXPECT_GE(one.limit, 200);
}

TEST(FairShare, TheSameReadingTwiceWritesNothing) {
  SimulatedDisk disk(800, 1200);
  hog(disk, 200, lending());
  disk.run(10);
  const std::uint64_t before = disk.writes;
  EXPECT_THAT(disk.share.divide(), IsEmpty());
  EXPECT_EQ(disk.writes, before);
}

TEST(FairShare, BandwidthMovesAlong) {
  SimulatedDisk disk(800, 1200);
  Container& one = hog(disk, 200, lending());
  one.workload.decision.limits[0].read_bps = 1U << 20U;
  disk.run(5);
  const Limit limit = disk.share.allot(0, one.workload, one.workload.decision.limits[0]);
  EXPECT_EQ(limit.read_iops, 776U);
  EXPECT_EQ(limit.read_bps, (1U << 20U) * 776 / 200);
  EXPECT_EQ(limit.write_iops, 200U) << "it writes nothing";
}

// ---- back to the configured limits ----

TEST(FairShare, RecallGivesEverybodyTheConfiguredLimit) {
  SimulatedDisk disk(800, 1200);
  Container& one = hog(disk, 200, lending());
  disk.run(5);
  ASSERT_THAT(disk.share.loans(),
              ElementsAre(Loan{{one.workload.path.cgroup, {259, 0}}, symmetric(200)}));
  EXPECT_THAT(disk.share.recall(), ElementsAre(&one.workload));
  EXPECT_EQ(disk.share.allot(0, one.workload, symmetric(200)), symmetric(200));
  EXPECT_THAT(disk.share.loans(), IsEmpty());
}

TEST(FairShare, ASuspendedOneBorrowsNothingForAWhile) {
  SimulatedDisk disk(800, 1200);
  Container& one = hog(disk, 200, lending());
  disk.run(5);
  EXPECT_TRUE(disk.share.suspend(one.workload, Moment{8000}));
  disk.run(2);
  EXPECT_EQ(one.limit, 200);
  disk.run(4);
  EXPECT_EQ(one.limit, 776);
}

TEST(FairShare, ForgetsAWorkloadThatGoes) {
  SimulatedDisk disk(800, 1200);
  Container& one = hog(disk, 200, lending());
  disk.run(5);
  EXPECT_TRUE(disk.share.remove(one.workload)) << "its limit was another one";
  EXPECT_FALSE(disk.share.is_member(one.workload));
  EXPECT_FALSE(disk.share.remove(one.workload));
}

TEST(FairShare, ATotalThatIsNotSharedIsTheOtherAllocators) {
  FairShare share(make_allocator(capabilities_of(CgroupVersion::v1)));
  Target target{.device = {.devnum = {259, 0}}, .uses = {{}}, .total_iops = 600};
  target.sharing.fair_total = false;
  share.reset({target});
  EXPECT_FALSE(share.shares());
  SimulatedDisk disk(600);
  Container& one = disk.add(500);
  Container& other = disk.add(500);
  EXPECT_FALSE(share.add(one.workload) && false);
  EXPECT_TRUE(share.add(other.workload));
  EXPECT_EQ(share.allot(0, one.workload, symmetric(500)), symmetric(300));
}

// ---- loads that come and go ----

struct Outcome {
  double used = 0;           // of what could be used, in per cent
  double below = 0;          // of the time that one wanted something: below 0.9 of its entitlement
  double longest_below = 0;  // seconds
  double writes_a_second = 0;
};

// What each may have by max-min fairness, from what it wants.
std::vector<double> entitlements(const SimulatedDisk& disk, double total) {
  std::vector<double> own;
  double low = 0;
  double high = total;
  const auto at = [&](double level) {
    double sum = 0;
    for (const Container& one : disk.containers) {
      const double guarantee = static_cast<double>(one.workload.decision.limits[0].read_iops);
      sum += std::min({one.want, guarantee, level});
    }
    return sum;
  };
  for (int i = 0; i < 50; ++i) (at((low + high) / 2) > total ? high : low) = (low + high) / 2;
  for (const Container& one : disk.containers) {
    const double guarantee = static_cast<double>(one.workload.decision.limits[0].read_iops);
    own.push_back(std::min({one.want, guarantee, low}));
  }
  return own;
}

// Each is on for 15 and off for 30 seconds on average; while it is on it wants all or a little.
Outcome on_and_off(int count, std::uint64_t guarantee, std::uint64_t total, bool sharing,
                   ShareTerms terms, double seconds) {
  SimulatedDisk disk(total, 1.5 * static_cast<double>(total));
  disk.sharing = sharing;
  std::mt19937 random(42);
  const auto after = [&random](double mean) {
    return std::exponential_distribution<double>(1 / mean)(random);
  };
  std::vector<double> changes_at;
  std::vector<double> settled_at;
  std::vector<double> below_for(static_cast<std::size_t>(count), 0);
  std::vector<double> window(static_cast<std::size_t>(count), 0);
  for (int i = 0; i < count; ++i) {
    disk.add(guarantee, terms);
    changes_at.push_back(after(30));
  }
  Outcome outcome;
  double possible = 0;
  double done = 0;
  double wanted_time = 0;
  double below_time = 0;
  disk.each_slice = [&] {
    const std::vector<double> own = entitlements(disk, static_cast<double>(total));
    double sum = 0;
    double want = 0;
    for (std::size_t i = 0; i < disk.containers.size(); ++i) {
      Container& one = disk.containers[i];
      sum += one.rate;
      want += std::min(one.want, static_cast<double>(total));
      if (one.want > 0) {
        wanted_time += SimulatedDisk::slice;
        const bool below = one.rate < 0.9 * own[i];
        below_time += below ? SimulatedDisk::slice : 0;
        below_for[i] = below ? below_for[i] + SimulatedDisk::slice : 0;
        outcome.longest_below = std::max(outcome.longest_below, below_for[i]);
      }
      if (disk.seconds() < changes_at[i]) continue;
      const bool on = one.want == 0;
      one.want = !on ? 0 : after(1) < 0.7 ? static_cast<double>(guarantee) / 5 : everything;
      one.depth = one.want == everything ? 32 : 1;
      below_for[i] = 0;
      changes_at[i] = disk.seconds() + after(on ? 15 : 30);
    }
    done += sum;
    possible += std::min(want, static_cast<double>(total));
  };
  disk.run(seconds);
  outcome.used = 100 * done / possible;
  outcome.below = 100 * below_time / wanted_time;
  outcome.writes_a_second = static_cast<double>(disk.writes) / seconds;
  return outcome;
}

std::ostream& operator<<(std::ostream& out, const Outcome& one) {
  return out << "used " << one.used << " %, below " << one.below << " % of the time, at most "
             << one.longest_below << " s; " << one.writes_a_second << " writes/s";
}

TEST(FairShareSimulation, TwentyOnAndOff) {
  const Outcome fixed = on_and_off(20, 150, 3000, false, {}, 300);
  const Outcome lent = on_and_off(20, 150, 3000, true, lending(), 300);
  std::cout << "fixed: " << fixed << "\nlent: " << lent << "\n";
  EXPECT_GT(lent.used, 1.5 * fixed.used);
  EXPECT_LE(lent.writes_a_second, 4);
  EXPECT_LE(lent.longest_below, 1);
}

TEST(FairShareSimulation, TwentyThatDoNotFit) {
  const Outcome fixed = on_and_off(20, 500, 3000, false, {}, 300);
  const Outcome fair = on_and_off(20, 500, 3000, true, {}, 300);
  std::cout << "fixed: " << fixed << "\nfair: " << fair << "\n";
  EXPECT_LT(fair.below, fixed.below);
  EXPECT_LE(fair.longest_below, 1.5) << "a cut is over half a second after the last one";
  EXPECT_LE(fair.writes_a_second, 4);
}

TEST(FairShareSimulation, TwoHundredThatDoNotFit) {
  const Outcome fixed = on_and_off(200, 500, 10000, false, {}, 200);
  const Outcome fair = on_and_off(200, 500, 10000, true, {}, 200);
  std::cout << "fixed: " << fixed << "\nfair: " << fair << "\n";
  EXPECT_LT(fair.below, fixed.below / 2);
}

}  // namespace
}  // namespace iopslimit::fair_share_test
