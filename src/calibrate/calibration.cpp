// SPDX-License-Identifier: Apache-2.0
#include "calibrate/calibration.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

namespace iopslimit {
namespace {

using std::chrono::milliseconds;

constexpr unsigned steps = std::bit_width(deepest);  // 1, 2, 4 ... deepest
constexpr unsigned reads_only = 100;
constexpr unsigned mostly_reads = 70;
constexpr double flat = 1.05;
constexpr double near_most = 0.95;

bool less(const Measurement& one, const Measurement& other) {
  return one.iops < other.iops;
}

Phase phase_of(std::string name, unsigned depth, unsigned read_percent, milliseconds length,
               milliseconds left_after) {
  constexpr milliseconds longest_ramp{500};
  constexpr int eighth = 8;
  return {.name = std::move(name),
          .depth = depth,
          .read_percent = read_percent,
          .ramp = std::min(length / eighth, longest_ramp),
          .length = length,
          .left_after = left_after};
}

std::vector<Measurement> climb(const PhaseTimes& times, const RunPhase& run) {
  std::vector<Measurement> ladder;
  milliseconds left = steps * times.step + times.mixed + times.write + times.sustained;
  for (unsigned depth = 1; depth <= deepest && !levelled(ladder); depth *= 2) {
    left -= times.step;
    ladder.push_back(run(phase_of("reads, " + std::to_string(depth) + " at a time", depth,
                                  reads_only, times.step, left)));
  }
  return ladder;
}

}  // namespace

// Half of the time for the ladder, a third for the sustained writes.
PhaseTimes::PhaseTimes(std::chrono::seconds whole)
    : step(milliseconds(whole) / (2 * steps)),
      mixed(milliseconds(whole) / 12),
      write(mixed),
      sustained(milliseconds(whole) / 3) {}

const Measurement& enough(const std::vector<Measurement>& ladder) {
  const double most = std::max_element(ladder.begin(), ladder.end(), less)->iops;
  return *std::find_if(ladder.begin(), ladder.end(),
                       [&](const Measurement& one) { return one.iops >= near_most * most; });
}

bool levelled(const std::vector<Measurement>& ladder) {
  constexpr std::ptrdiff_t last = 2;
  if (std::ssize(ladder) <= last) return false;
  const auto before = ladder.end() - last;
  const double most = std::max_element(ladder.begin(), before, less)->iops;
  return std::max_element(before, ladder.end(), less)->iops < flat * most;
}

double last_quarter(const std::vector<std::uint64_t>& seconds) {
  constexpr std::size_t least = 2;
  constexpr std::size_t quarter = 4;
  const std::size_t count = std::min(std::max(seconds.size() / quarter, least), seconds.size());
  if (count == 0) return 0;
  const auto sum = std::accumulate(seconds.end() - static_cast<std::ptrdiff_t>(count),
                                   seconds.end(), std::uint64_t{0});
  return static_cast<double>(sum) / static_cast<double>(count);
}

Calibration calibrated(std::chrono::seconds whole, const RunPhase& run) {
  const PhaseTimes times(whole);
  Calibration found;
  found.ladder = climb(times, run);
  found.read = enough(found.ladder);
  const unsigned depth = found.read.depth;
  found.mixed = run(phase_of("reads and writes", depth, mostly_reads, times.mixed,
                             times.write + times.sustained));
  found.write = run(phase_of("writes", depth, 0, times.write, times.sustained));
  found.sustained = run(phase_of("sustained writes", depth, 0, times.sustained, milliseconds(0)));
  found.sustained.iops = last_quarter(found.sustained.seconds);
  return found;
}

}  // namespace iopslimit
