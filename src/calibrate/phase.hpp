// SPDX-License-Identifier: Apache-2.0
// One phase of a calibration: what is asked of the disk, and what the disk does.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace iopslimit {

/// Requests of 4 KiB at random places, `depth` of them at any time.
struct Phase {
  std::string name;  ///< "reads, 4 at a time"
  unsigned depth = 1;
  unsigned read_percent = 100;        ///< the others write
  std::chrono::milliseconds ramp{0};  ///< the first part of `length`, which does not count
  std::chrono::milliseconds length{0};
  std::chrono::milliseconds left_after{0};  ///< how long all later phases may take
};

struct Measurement {
  unsigned depth = 0;
  double iops = 0;
  std::uint64_t p50_usec = 0;
  std::uint64_t p99_usec = 0;
  std::vector<std::uint64_t> seconds = {};  ///< the requests of each whole second after the ramp
  bool operator==(const Measurement&) const = default;
};

using RunPhase = std::function<Measurement(const Phase&)>;

}  // namespace iopslimit
