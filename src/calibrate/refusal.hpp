// SPDX-License-Identifier: Apache-2.0
// What keeps a calibration from being done, or from being right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace iopslimit {

inline constexpr std::uint64_t least_free_bytes = std::uint64_t{5} << 30U;

/// The size of the file that is measured with: 1 GiB, but at most a tenth of what is free.
std::uint64_t file_bytes(std::uint64_t free_bytes);

struct CalibrationFacts {
  std::string mount;       ///< "/data"
  std::string not_usable;  ///< why the mount has no disk: NotMounted::why, Unsupported::why
  std::uint64_t free_bytes = 0;
  double busy = 0;             ///< share of the time in which the busiest of its disks worked
  std::size_t containers = 0;  ///< of pods that run on the node
  bool in_container = false;   ///< iopsctl itself
};

/// Each a sentence that says what to do. `yes`: the operator accepts a busy disk and running pods.
std::vector<std::string> refusals(const CalibrationFacts& facts, bool yes);

}  // namespace iopslimit
