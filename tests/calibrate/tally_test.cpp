// SPDX-License-Identifier: Apache-2.0
#include "calibrate/tally.hpp"

#include <gtest/gtest.h>

namespace iopslimit::tally_test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Latencies, QuantilesAreRightToAThirtySecond) {
  Latencies latencies;
  EXPECT_EQ(latencies.quantile(0.5), 0U);
  for (std::uint64_t usec = 1; usec <= 100'000; ++usec) latencies.add(usec);
  for (const double share : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const double exact = share * 100'000;
    const auto found = static_cast<double>(latencies.quantile(share));
    EXPECT_GE(found, exact) << share;
    EXPECT_LE(found, exact * (1 + 1.0 / 32)) << share;
  }
}

TEST(Latencies, HoldAnyValue) {
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{31},
                                    std::uint64_t{32}, std::uint64_t{63}, UINT64_MAX}) {
    Latencies latencies;
    latencies.add(value);
    EXPECT_EQ(latencies.quantile(0.99), value);
  }
}

TEST(Tally, CountsBetweenRampAndEnd) {
  Tally tally({.name = "", .depth = 4, .ramp = milliseconds(500), .length = milliseconds(3000)});
  for (int at = 0; at < 4000; at += 10) tally.add(milliseconds(at), microseconds(40));
  tally.add(milliseconds(2999), milliseconds(20));
  const Measurement found = tally.result();
  EXPECT_EQ(found.depth, 4U);
  EXPECT_DOUBLE_EQ(found.iops, 251 / 2.5);
  EXPECT_EQ(found.p50_usec, 40U);
  EXPECT_EQ(found.p99_usec, 40U) << "one of 251 is not one per cent";
  EXPECT_EQ(found.seconds, (std::vector<std::uint64_t>{100, 100})) << "half a second is left out";
}

TEST(Tally, OfNothing) {
  EXPECT_EQ(Tally({.name = "", .depth = 1, .length = milliseconds(900)}).result(),
            (Measurement{.depth = 1}));
}

}  // namespace
}  // namespace iopslimit::tally_test
