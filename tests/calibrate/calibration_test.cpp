// SPDX-License-Identifier: Apache-2.0
#include "calibrate/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "calibrate/advice.hpp"

namespace iopslimit::calibration_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Answers each request after `latency` seconds, but no more than so many in a second.
struct SimulatedDisk {
  double latency = 0.0005;
  double reads = 1000;
  double mixed = 1000;
  double writes = 1000;
  double exhausted = 1000;  ///< writes, when `cache` is full
  double cache = 1e9;       ///< requests that are written fast
  std::vector<Phase> asked = {};

  double written = 0;

  Measurement operator()(const Phase& phase) {
    asked.push_back(phase);
    const double offered = phase.depth / latency;
    Measurement found{.depth = phase.depth, .p99_usec = 7};
    const double span = std::chrono::duration<double>(phase.length - phase.ramp).count();
    double all = 0;
    for (int second = 0; second < std::floor(span); ++second) {
      const bool writes_only = phase.read_percent == 0;
      double most = phase.read_percent == 100 ? reads : writes_only ? writes : mixed;
      if (writes_only && written > cache) most = exhausted;
      const double done = std::min(offered, most);
      if (writes_only) written += done;
      found.seconds.push_back(static_cast<std::uint64_t>(done));
      all += done;
    }
    found.iops = all / std::floor(span);
    return found;
  }
};

Calibration calibrate(SimulatedDisk& disk, seconds whole = seconds(60)) {
  return calibrated(whole, [&](const Phase& phase) { return disk(phase); });
}

TEST(Calibration, FindsTheCapacityAndTheShortestQueueThatReachesIt) {
  struct Row {
    double latency;
    double capacity;
    unsigned depth;  // that reaches 95 % of it
    std::size_t steps;
  };
  const Row rows[] = {
      {0.0005, 600, 1, 3},                                   // one request at a time is enough
      {0.0005, 2400, 2, 4},                                  // 2000, 2400, 2400, 2400
      {0.0001, 412'000, 64, 9}, {0.001, 1'000'000, 256, 9},  // more than the deepest queue gets
      {0.0005, 4100, 2, 4},                                  // 2 do 4000, which is 97 %
      {0.010, 100, 1, 3},
  };
  for (const Row& row : rows) {
    SimulatedDisk disk{.latency = row.latency, .reads = row.capacity, .mixed = row.capacity};
    const Calibration found = calibrate(disk);
    const double reached = std::min(row.capacity, 256 / row.latency);
    EXPECT_EQ(found.read.depth, row.depth) << row.capacity;
    EXPECT_EQ(found.ladder.size(), row.steps) << row.capacity;
    EXPECT_GE(found.read.iops, 0.95 * reached - 1) << row.capacity;
    EXPECT_LE(found.read.iops, reached) << row.capacity;
  }
}

TEST(Calibration, WritesWithTheDepthOfTheReads) {
  SimulatedDisk disk{.latency = 0.001, .reads = 4000};
  const Calibration found = calibrate(disk);
  ASSERT_EQ(disk.asked.size(), found.ladder.size() + 3);
  const Phase* phase = &disk.asked[found.ladder.size()];
  for (const unsigned read_percent : {70U, 0U, 0U}) {
    EXPECT_EQ(phase->depth, 4U);
    EXPECT_EQ(phase->read_percent, read_percent);
    ++phase;
  }
}

TEST(Calibration, GoesOnWhenOneStepAloneBringsNothing) {
  const auto ladder = [](std::vector<double> iops) {
    std::vector<Measurement> all;
    for (const double one : iops) all.push_back({.iops = one});
    return all;
  };
  EXPECT_FALSE(levelled(ladder({})));
  EXPECT_FALSE(levelled(ladder({80, 81})));
  EXPECT_FALSE(levelled(ladder({80, 81, 110}))) << "a rotating disk";
  EXPECT_FALSE(levelled(ladder({80, 160, 165})));
  EXPECT_TRUE(levelled(ladder({80, 81, 83})));
  EXPECT_TRUE(levelled(ladder({80, 160, 165, 150})));
  EXPECT_TRUE(levelled(ladder({80, 160, 20, 30})));
}

TEST(Calibration, TakesTheTimeItIsGiven) {
  for (const int whole : {30, 60, 600}) {
    SimulatedDisk disk{.latency = 0.001, .reads = 1e9};
    calibrate(disk, seconds(whole));
    milliseconds sum{0};
    for (const Phase& phase : disk.asked) sum += phase.length;
    EXPECT_LE(sum, seconds(whole));
    EXPECT_GT(sum, seconds(whole) - milliseconds(20));
    milliseconds left = sum;
    for (const Phase& phase : disk.asked) {
      left -= phase.length;
      EXPECT_EQ(phase.left_after, left) << phase.name;
      EXPECT_GE(phase.length - phase.ramp, milliseconds(1400)) << phase.name;
      EXPECT_LE(phase.ramp, milliseconds(500));
    }
  }
}

TEST(Calibration, OfSustainedWritesTheLastQuarterCounts) {
  EXPECT_EQ(last_quarter({}), 0);
  EXPECT_EQ(last_quarter({7}), 7);
  EXPECT_EQ(last_quarter({100, 100, 10, 20}), 15) << "two seconds at least";
  EXPECT_EQ(last_quarter({9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 2, 3}), 2);
  // 5 s and 10 s of the 20 s are written to the cache.
  SimulatedDisk disk{.latency = 0.001, .reads = 9000, .mixed = 9000, .writes = 8000};
  disk.exhausted = 3000;
  disk.cache = 15 * 8000;
  const Calibration found = calibrate(disk);
  EXPECT_EQ(found.write.iops, 8000);
  EXPECT_EQ(found.sustained.iops, 3000);
  EXPECT_EQ(advise(found).total_iops, 2400U);
  EXPECT_EQ(advise(found).weakest, "sustained writes");
}

TEST(DiskAdvice, FollowsTheWeakest) {
  struct Row {
    double read, mixed, write, sustained;
    std::uint64_t total;
    const char* weakest;
  };
  const Row rows[] = {
      {412'000, 268'000, 188'000, 61'000, 48'000, "sustained writes"},
      {412'000, 268'000, 50'000, 61'000, 40'000, "writes"},
      {412'000, 9'999, 50'000, 61'000, 7'900, "reads and writes"},
      {600, 601, 602, 603, 480, "reads"},
      {10, 10, 10, 9, 7, "sustained writes"},
      {130, 200, 200, 200, 100, "reads"},
  };
  for (const Row& row : rows) {
    const DiskAdvice found = advise({.read = {.iops = row.read},
                                     .mixed = {.iops = row.mixed},
                                     .write = {.iops = row.write},
                                     .sustained = {.iops = row.sustained}});
    EXPECT_EQ(found.total_iops, row.total) << row.weakest;
    EXPECT_EQ(found.weakest, row.weakest);
  }
}

TEST(DiskAdvice, HeadroomIsWhatSlowSecondsLack) {
  struct Row {
    std::vector<std::uint64_t> seconds;
    std::uint64_t headroom;
  };
  const Row rows[] = {
      {{}, 2},
      {{500, 500}, 2},
      {{0, 0}, 30},
      {{9000, 9000, 1000, 1000, 1000, 1000}, 2},  // the burst does not count: it is the first half
      {{1, 1, 1, 1, 110, 100, 100, 90}, 10},
      {{1, 1, 1, 1, 100, 100, 100, 0}, 30},
      // Of twenty seconds the second slowest.
      {{0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
        0,   0,   0,   0,   0,   0,   100, 100, 100, 100, 100, 100, 100, 100,
        100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 95,  10},
       2},
  };
  for (const Row& row : rows)
    EXPECT_EQ(headroom_of(row.seconds), row.headroom) << row.seconds.size();
}

TEST(DiskAdvice, RoundsDownToTwoFigures) {
  EXPECT_EQ(two_figures(48'800), 48'000U);
  EXPECT_EQ(two_figures(999.9), 990U);
  EXPECT_EQ(two_figures(100), 100U);
  EXPECT_EQ(two_figures(99.9), 99U);
  EXPECT_EQ(two_figures(0.5), 0U);
}

}  // namespace
}  // namespace iopslimit::calibration_test
