// SPDX-License-Identifier: Apache-2.0
#include "advice/usage_histogram.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace iopslimit::usage_histogram_test {
namespace {

TEST(UsageHistogram, QuantilesAreWithinTenPercent) {
  for (double iops = 1; iops < 90000; iops *= 1.07) {
    UsageHistogram usage;
    usage.add(iops, 1);
    EXPECT_NEAR(usage.quantile(0.5) / iops, 1, 0.1) << iops;
  }
}

TEST(UsageHistogram, ASmallPartDoesNotMoveTheQuantile) {
  UsageHistogram usage;
  usage.add(100, 96);
  usage.add(9000, 4);
  EXPECT_NEAR(usage.quantile(0.95), 100, 10);
  EXPECT_NEAR(usage.quantile(0.99), 9000, 900);
}

TEST(UsageHistogram, IdleAndEmptyAreZero) {
  UsageHistogram usage;
  EXPECT_EQ(usage.quantile(0.99), 0);
  usage.add_idle(50);
  usage.add(0.9, 45);
  usage.add(std::numeric_limits<double>::quiet_NaN(), 1);
  usage.add(-1, 1);
  usage.add(500, 1);
  EXPECT_EQ(usage.quantile(0.95), 0);
  EXPECT_NEAR(usage.quantile(1), 500, 50);
}

TEST(UsageHistogram, WhatIsTooLargeCountsAsTheLargest) {
  UsageHistogram usage;
  usage.add(1e300, 1);
  EXPECT_GT(usage.quantile(0.5), 90000);
}

TEST(UsageHistogram, ScalingChangesNoQuantile) {
  UsageHistogram usage;
  usage.add(100, 3);
  usage.add(1000, 1);
  const double before = usage.quantile(0.7);
  usage.scale(1.0 / 1024);
  EXPECT_EQ(usage.quantile(0.7), before);
}

}  // namespace
}  // namespace iopslimit::usage_histogram_test
