// SPDX-License-Identifier: Apache-2.0
// The values of the configuration that follow from a calibration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "calibrate/calibration.hpp"

namespace iopslimit {

struct DiskAdvice {
  std::uint64_t total_iops = 0;
  std::uint64_t headroom = 0;  ///< per cent
  std::string weakest;         ///< what the total follows from: "sustained writes"
  bool operator==(const DiskAdvice&) const = default;
};

/// total_iops: 80 % of the weakest of reads, reads and writes, writes, and sustained writes, of
/// which the first two figures count. headroom: see headroom_of().
DiskAdvice advise(const Calibration& found);

/// How far, in per cent of their mean and rounded up, the slow seconds fall below it: the slowest
/// tenth of the second half of the sustained writes. At least 2 and at most 30.
std::uint64_t headroom_of(const std::vector<std::uint64_t>& seconds);

/// 48,800 is 48,000.
std::uint64_t two_figures(double value);

}  // namespace iopslimit
