// SPDX-License-Identifier: Apache-2.0
#include "share/division.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace iopslimit::division_test {
namespace {

using testing::ElementsAre;
using Limits = std::vector<std::uint64_t>;

Claim quiet(std::uint64_t guarantee, std::uint64_t use) {
  return {.guarantee = guarantee,
          .ceiling = guarantee,
          .weight = guarantee * 100,
          .need = use,
          .demand = use};
}

Claim hungry(std::uint64_t guarantee, std::uint64_t ceiling, std::uint64_t weight = 100) {
  return {.guarantee = guarantee,
          .ceiling = ceiling,
          .weight = guarantee * weight,
          .hungry = true,
          .need = guarantee,
          .demand = ceiling};
}

Claim busy(std::uint64_t guarantee) {
  return hungry(guarantee, guarantee);
}

Limits divide(const std::vector<Claim>& claims, std::uint64_t capacity, bool tight = true) {
  return iopslimit::divide(claims, capacity, tight);
}

TEST(Division, NobodyIsCutWhileTheNeedsFit) {
  EXPECT_THAT(divide({busy(500), quiet(500, 50)}, 760), ElementsAre(500, 500));
}

TEST(Division, CutsTheBusyToEqualPartsAndLeavesTheQuiet) {
  EXPECT_THAT(divide({busy(500), busy(500), quiet(500, 60)}, 760), ElementsAre(350, 350, 500));
}

TEST(Division, CutsNobodyWhileTheTotalIsNotUsedUp) {
  EXPECT_THAT(divide({busy(500), busy(500)}, 760, false), ElementsAre(500, 500));
}

TEST(Division, CutsInProportionToTheWeights) {
  EXPECT_THAT(divide({busy(500), busy(1000)}, 750), ElementsAre(250, 500));
}

TEST(Division, GivesWhatASmallOneLeavesToTheOthers) {
  EXPECT_THAT(divide({busy(100), busy(500), busy(500)}, 700), ElementsAre(63, 318, 318));
  EXPECT_THAT(divide({hungry(100, 100, 1000), busy(500), busy(500)}, 700),
              ElementsAre(100, 300, 300));
}

TEST(Division, LendsWhatTheNeedsLeave) {
  EXPECT_THAT(divide({hungry(200, 800), quiet(200, 30)}, 760), ElementsAre(730, 200));
}

TEST(Division, LendsNoMoreThanTheCeiling) {
  EXPECT_THAT(divide({hungry(200, 300), quiet(200, 30)}, 760), ElementsAre(300, 200));
}

TEST(Division, LendsByWeightAndNeverTakesAGuarantee) {
  EXPECT_THAT(divide({hungry(200, 800, 1), hungry(200, 800, 3)}, 1000), ElementsAre(250, 750));
  EXPECT_THAT(divide({hungry(200, 800, 1), hungry(200, 800, 3)}, 760), ElementsAre(200, 560));
}

TEST(Division, TakesALoanBackWhenItsOwnerNeedsIt) {
  EXPECT_THAT(divide({hungry(200, 800), busy(200), quiet(200, 200)}, 760),
              ElementsAre(360, 200, 200));
}

TEST(Division, LendsNothingWhenTheGuaranteesDoNotFit) {
  EXPECT_THAT(divide({hungry(500, 800), hungry(500, 800)}, 760), ElementsAre(380, 380));
}

TEST(Division, NobodyGetsLessThanTheLeast) {
  const std::vector<Claim> many(100, busy(500));
  for (const std::uint64_t limit : divide(many, 300)) EXPECT_EQ(limit, least_iops);
}

TEST(Division, NoClaimsNoLimits) {
  EXPECT_TRUE(divide({}, 760).empty());
}

// ---- properties ----

struct Input {
  std::vector<Claim> claims;
  std::uint64_t capacity = 0;
  bool tight = false;
};

Input random_input(std::mt19937_64& random) {
  const auto upto = [&random](std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random);
  };
  Input input{.capacity = upto(1) == 0 ? upto(2000) : upto(100000), .tight = upto(1) == 0};
  for (std::uint64_t left = upto(12); left != 0; --left) {
    Claim claim{.guarantee = 2 + upto(upto(2) == 0 ? 50000 : 1000)};
    claim.ceiling = claim.guarantee + (upto(1) == 0 ? 0 : upto(60000));
    claim.weight = claim.guarantee * (1 + upto(upto(3) == 0 ? 9999 : 200));
    claim.hungry = upto(1) == 0;
    claim.demand = claim.hungry ? claim.ceiling : 1 + upto(claim.ceiling);
    claim.need = claim.hungry ? claim.guarantee : std::min(claim.guarantee, upto(claim.demand));
    input.claims.push_back(claim);
  }
  return input;
}

std::uint64_t need_of(const Claim& claim) {
  return std::min(claim.ceiling, claim.demand) > claim.guarantee ? claim.guarantee : claim.need;
}

// A hundred thousand inputs with a fixed seed.
template <class Check>
void for_random_inputs(Check check) {
  std::mt19937_64 random(19);
  for (int round = 0; round < 100000; ++round) {
    const Input input = random_input(random);
    check(input, iopslimit::divide(input.claims, input.capacity, input.tight));
    if (testing::Test::HasFailure()) return;
  }
}

std::uint64_t needs_of(const Input& input) {
  return std::accumulate(input.claims.begin(), input.claims.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const Claim& one) { return sum + need_of(one); });
}

TEST(DivisionProperties, NoLimitIsBelowItsGuaranteeWhenTheNeedsFit) {
  int fitting = 0;
  for_random_inputs([&fitting](const Input& input, const Limits& limits) {
    if (needs_of(input) > input.capacity) return;
    ++fitting;
    for (std::size_t i = 0; i < limits.size(); ++i) ASSERT_GE(limits[i], input.claims[i].guarantee);
  });
  EXPECT_GT(fitting, 10000);
}

TEST(DivisionProperties, LoansAndNeedsStayWithinTheCapacity) {
  int lent = 0;
  for_random_inputs([&lent](const Input& input, const Limits& limits) {
    if (needs_of(input) > input.capacity) return;
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const bool loan = limits[i] > input.claims[i].guarantee;
      lent += loan ? 1 : 0;
      sum += loan ? limits[i] : need_of(input.claims[i]);
    }
    ASSERT_LE(sum, input.capacity);
  });
  EXPECT_GT(lent, 10000);
}

TEST(DivisionProperties, NoLimitIsAboveItsCeiling) {
  for_random_inputs([](const Input& input, const Limits& limits) {
    for (std::size_t i = 0; i < limits.size(); ++i) ASSERT_LE(limits[i], input.claims[i].ceiling);
  });
}

// What the cut ones get, and what the others ask for, fits; the minimum of each may exceed it.
TEST(DivisionProperties, CutLimitsAndDemandsStayWithinTheCapacity) {
  int cut = 0;
  for_random_inputs([&cut](const Input& input, const Limits& limits) {
    std::uint64_t sum = 0;
    std::uint64_t least = 0;
    bool some_cut = false;
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const Claim& one = input.claims[i];
      const std::uint64_t demand = std::min(one.demand, one.guarantee);
      some_cut = some_cut || limits[i] < one.guarantee;
      sum += std::min(limits[i], demand);
      least += std::min(least_iops, demand);
    }
    if (!some_cut) return;
    ++cut;
    ASSERT_LE(sum, std::max(input.capacity, least));
  });
  EXPECT_GT(cut, 10000);
}

// Max-min: nobody that is cut could get more without taking from one that has less for its weight.
TEST(DivisionProperties, NobodyThatIsCutHasLessForItsWeightThanAnother) {
  for_random_inputs([](const Input& input, const Limits& limits) {
    double level = 0;  // the highest of those that are cut
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const Claim& one = input.claims[i];
      if (limits[i] < one.guarantee && limits[i] > least_iops)
        level = std::max(level, static_cast<double>(limits[i]) / static_cast<double>(one.weight));
    }
    for (std::size_t i = 0; i < limits.size(); ++i) {
      const Claim& one = input.claims[i];
      if (limits[i] >= one.guarantee) continue;
      ASSERT_GE(static_cast<double>(limits[i] + 1),
                level * static_cast<double>(one.weight) * 0.999);
    }
  });
}

TEST(DivisionProperties, OrderDoesNotMatter) {
  std::mt19937_64 random(7);
  for_random_inputs([&random](const Input& input, const Limits& limits) {
    std::vector<std::size_t> order(limits.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::shuffle(order, random);
    std::vector<Claim> claims;
    Limits expected;
    for (const std::size_t i : order) {
      claims.push_back(input.claims[i]);
      expected.push_back(limits[i]);
    }
    ASSERT_EQ(iopslimit::divide(claims, input.capacity, input.tight), expected);
  });
}

}  // namespace
}  // namespace iopslimit::division_test
