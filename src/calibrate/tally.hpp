// SPDX-License-Identifier: Apache-2.0
// Counts the requests of a phase and their latencies.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "calibrate/phase.hpp"

namespace iopslimit {

/// The number of values in each of a fixed set of ranges, none of which is wider than 1/32 of the
/// values in it. So a long phase takes no more memory than a short one.
class Latencies {
 public:
  Latencies();
  void add(std::uint64_t usec);
  /// The largest value of the range that holds the value below or at which `share` (0 to 1) of all
  /// values are; 0 without values.
  std::uint64_t quantile(double share) const;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

class Tally {
 public:
  explicit Tally(const Phase& phase);
  /// A request was answered `at` after the begin of the phase. Counts it when that is after the
  /// ramp and before the end.
  void add(std::chrono::nanoseconds at, std::chrono::nanoseconds latency);
  Measurement result() const;

 private:
  unsigned depth_;
  std::chrono::nanoseconds ramp_;
  std::chrono::nanoseconds length_;
  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> seconds_;
  Latencies latencies_;
};

}  // namespace iopslimit
