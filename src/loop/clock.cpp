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

template <class Duration>
Duration time_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) +
                                              std::chrono::nanoseconds(now.tv_nsec));
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

std::chrono::milliseconds monotonic_msec() {
  return time_of<std::chrono::milliseconds>(CLOCK_MONOTONIC);
}

std::chrono::microseconds processor_time() {
  return time_of<std::chrono::microseconds>(CLOCK_THREAD_CPUTIME_ID);
}

std::uint64_t wall_msec() {
  return static_cast<std::uint64_t>(time_of<std::chrono::milliseconds>(CLOCK_REALTIME).count());
}

}  // namespace iopslimit
