// SPDX-License-Identifier: Apache-2.0
#include "share/rates.hpp"

#include <gtest/gtest.h>

namespace iopslimit::rates_test {
namespace {

Rates read_every_quarter_second(const std::initializer_list<std::uint64_t>& counts) {
  Rates rates;
  Moment now{1000};
  for (const std::uint64_t count : counts) {
    rates.add(now, count);
    now += Moment{250};
  }
  return rates;
}

TEST(Rates, KnowsNoRateBeforeTheSecondReading) {
  const Rates rates = read_every_quarter_second({5000});
  EXPECT_EQ(rates.tick(), 0);
  EXPECT_EQ(rates.second(), 0);
  EXPECT_EQ(rates.peak(), 0);
  EXPECT_FALSE(rates.reached(1, 1));
}

TEST(Rates, CountsTheLastTickTheLastTwoAndTheLastSecond) {
  const Rates rates = read_every_quarter_second({0, 1000, 1100, 1200, 1250, 1350});
  EXPECT_EQ(rates.tick(), 400);
  EXPECT_EQ(rates.recent(), 300);
  EXPECT_EQ(rates.second(), 350) << "the 1000 are older";
}

TEST(Rates, UsesWhatIsKnownOfTheLastSecond) {
  EXPECT_EQ(read_every_quarter_second({0, 100}).second(), 400);
}

TEST(Rates, PeakIsTheHighestSecondOfTheLastTwo) {
  const Rates rates = read_every_quarter_second({0, 100, 200, 300, 400, 400, 400, 400, 400});
  EXPECT_EQ(rates.second(), 0);
  EXPECT_EQ(rates.peak(), 400);
}

TEST(Rates, ReachedLooksAtFourTicks) {
  const Rates rates = read_every_quarter_second({0, 500, 600, 600, 700, 700});
  EXPECT_TRUE(rates.reached(400, 2));
  EXPECT_FALSE(rates.reached(400, 3)) << "the 500 are older";
}

TEST(Rates, ACounterThatGoesBackStartsAnew) {
  EXPECT_EQ(read_every_quarter_second({1000, 2000, 10}).second(), 0);
  EXPECT_EQ(read_every_quarter_second({1000, 2000, 10, 20}).second(), 40);
}

TEST(Rates, AReadingOfTheSameMomentReplacesTheOneBefore) {
  Rates rates;
  rates.add(Moment{1000}, 10);
  rates.add(Moment{2000}, 20);
  rates.add(Moment{2000}, 30);
  EXPECT_EQ(rates.tick(), 20);
}

TEST(Rates, AClockThatGoesBackStartsAnew) {
  Rates rates;
  rates.add(Moment{1000}, 10);
  rates.add(Moment{2000}, 20);
  rates.add(Moment{1500}, 30);
  EXPECT_EQ(rates.tick(), 0);
}

TEST(Rates, ManyReadingsForgetTheFirst) {
  Rates rates;
  for (int i = 0; i < 100; ++i)
    rates.add(Moment{1000 + 250 * i}, static_cast<std::uint64_t>(100 * i));
  EXPECT_EQ(rates.second(), 400);
  EXPECT_EQ(rates.covered(), Moment{11 * 250});
}

TEST(Rates, CountsSinceAMoment) {
  using Stretch = Rates::Stretch;
  Rates rates;
  EXPECT_EQ(rates.since(Moment{0}), Stretch{});
  rates.add(Moment{1000}, 10);
  EXPECT_EQ(rates.since(Moment{0}), Stretch{});
  rates.add(Moment{60000}, 40);  // it slept for a minute
  rates.add(Moment{60250}, 100);
  EXPECT_EQ(rates.since(Moment{60250}), Stretch{});
  EXPECT_EQ(rates.since(Moment{60100}), (Stretch{60, Moment{250}}));
  EXPECT_EQ(rates.since(Moment{57000}), (Stretch{90, Moment{59250}}));
  EXPECT_EQ(rates.since(Moment{0}), (Stretch{90, Moment{59250}}));
}

}  // namespace
}  // namespace iopslimit::rates_test
