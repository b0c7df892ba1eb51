// SPDX-License-Identifier: Apache-2.0
#include "loop/clock.hpp"

#include <ctime>

namespace iopslimit {
namespace {

std::uint64_t seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec);
}

}  // namespace

std::uint64_t boot_seconds() {
  return seconds_of(CLOCK_BOOTTIME);
}

std::chrono::seconds monotonic_seconds() {
  return std::chrono::seconds(seconds_of(CLOCK_MONOTONIC));
}

std::uint64_t wall_seconds() {
  return seconds_of(CLOCK_REALTIME);
}

std::uint64_t wall_msec() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000000;
}

}  // namespace iopslimit
