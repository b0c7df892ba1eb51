// SPDX-License-Identifier: Apache-2.0
#include "metrics/histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace iopslimit::histogram_test {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(Histogram, BoundsRise) {
  EXPECT_TRUE(std::ranges::is_sorted(Histogram::bounds));
}

TEST(Histogram, ABoundBelongsToItsBucketAndWhatIsPastAllToTheLast) {
  Histogram latency;
  latency.add(microseconds(50));
  latency.add(nanoseconds(50001));
  latency.add(microseconds(5000000));
  latency.add(microseconds(5000001));
  const std::size_t all = Histogram::bounds.size();
  EXPECT_EQ(latency.up_to(0), 1U);
  EXPECT_EQ(latency.up_to(1), 2U);
  EXPECT_EQ(latency.up_to(all - 2), 2U);
  EXPECT_EQ(latency.up_to(all - 1), 3U);
  EXPECT_EQ(latency.up_to(all), 4U);
  EXPECT_EQ(latency.sum(), nanoseconds(10000101001));
}

}  // namespace
}  // namespace iopslimit::histogram_test
