// SPDX-License-Identifier: Apache-2.0
// The order of a calibration: which phases it has, and when the queue is deep enough.
#pragma once

#include <chrono>
#include <vector>

#include "calibrate/phase.hpp"

namespace iopslimit {

inline constexpr unsigned deepest = 256;

/// How long the phases are; together `whole` when the ladder goes up to the deepest queue.
struct PhaseTimes {
  explicit PhaseTimes(std::chrono::seconds whole);

  std::chrono::milliseconds step;  ///< of the ladder
  std::chrono::milliseconds mixed;
  std::chrono::milliseconds write;
  std::chrono::milliseconds sustained;
};

struct Calibration {
  std::vector<Measurement> ladder;  ///< reads with 1, 2, 4 ... requests at a time
  Measurement read;                 ///< see enough()
  Measurement mixed;                ///< 70 % read; both directions together
  Measurement write;
  Measurement sustained;  ///< writes that follow these; `iops` is that of the last quarter
};

/// The step with the shortest queue that does 95 % of the most IOPS of all steps. There must be
/// one.
const Measurement& enough(const std::vector<Measurement>& ladder);

/// True when two steps in a row brought less than 5 % more than the best before them. One is not
/// enough: a rotating disk gains nothing from a second request but does from the fourth.
bool levelled(const std::vector<Measurement>& ladder);

/// The mean of the last quarter of the seconds, of two seconds at least; 0 without seconds.
double last_quarter(const std::vector<std::uint64_t>& seconds);

/// Runs each phase in turn. What `run` throws ends it.
Calibration calibrated(std::chrono::seconds whole, const RunPhase& run);

}  // namespace iopslimit
