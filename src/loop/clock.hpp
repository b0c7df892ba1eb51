// SPDX-License-Identifier: Apache-2.0
// The two clocks that are asked, in whole seconds or milliseconds.
#pragma once

#include <cstdint>

namespace iopslimit {

/// CLOCK_BOOTTIME: never set back, goes on while the machine sleeps.
std::uint64_t boot_seconds();
/// CLOCK_REALTIME: since the epoch, for people.
std::uint64_t wall_seconds();
/// The same in milliseconds.
std::uint64_t wall_msec();

}  // namespace iopslimit
