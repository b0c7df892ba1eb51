// SPDX-License-Identifier: Apache-2.0
// Counts of containers that are limited, exempt, or not limited although they should be.
#pragma once

#include <cstdint>

namespace iopslimit {

/// Counts of containers, or with scope = pod of pods, by state; and of cgroups beside them.
struct Counts {
  std::uint32_t limited = 0;
  std::uint32_t exempt = 0;
  std::uint32_t failed = 0;
  std::uint32_t left_alone = 0;  ///< cgroups that look as if they had to be limited (LeftAlone)

  Counts& operator+=(const Counts& other);
};

}  // namespace iopslimit
