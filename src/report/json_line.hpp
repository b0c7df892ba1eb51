// SPDX-License-Identifier: Apache-2.0
// Formats an event as one line of JSON, for programs that collect the standard output of a
// container.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "report/event.hpp"

namespace iopslimit {

/// {"time", "level", "message", "action", "container_id", ..., "rules"}; empty members are left
/// out. `msec`: milliseconds since the epoch. `action`: the same word as the ACTION of the journal.
/// A limit of 0 means unlimited.
std::string json_line(const Event& event, std::string_view action, std::uint64_t msec);

}  // namespace iopslimit
