// SPDX-License-Identifier: Apache-2.0
// The clocks that the service reads, in whole seconds or milliseconds.
#pragma once

#include <chrono>
#include <cstdint>

namespace iopslimit {

/// CLOCK_BOOTTIME: it is never set back, and it continues while the machine sleeps.
std::uint64_t boot_seconds();
/// CLOCK_MONOTONIC: it is never set back.
std::chrono::seconds monotonic_seconds();
/// The same in milliseconds.
std::chrono::milliseconds monotonic_msec();
/// CLOCK_THREAD_CPUTIME_ID: the processor time of this thread.
std::chrono::microseconds processor_time();
/// CLOCK_REALTIME: seconds since the epoch, for times that people read.
std::uint64_t wall_seconds();
/// CLOCK_REALTIME in milliseconds.
std::uint64_t wall_msec();

}  // namespace iopslimit
