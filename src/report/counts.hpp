// SPDX-License-Identifier: Apache-2.0
// How many containers are limited, exempt, or should be limited and are not.
#pragma once

#include <cstdint>

namespace iopslimit {

/// How many containers, or with scope = pod pods, are what.
struct Counts {
  std::uint32_t limited = 0;
  std::uint32_t exempt = 0;
  std::uint32_t failed = 0;

  Counts& operator+=(const Counts& other);
  Counts& operator-=(const Counts& other);
};

}  // namespace iopslimit
