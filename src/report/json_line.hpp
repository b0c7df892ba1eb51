// SPDX-License-Identifier: Apache-2.0
// A report as one line of JSON, for whoever collects a container's standard output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "report/event.hpp"

namespace iopslimit {

/// {"time", "level", "message", "action", "container_id", ..., "rules"}; what is empty is left out.
/// `msec`: since the epoch. `action`: as the journal's ACTION. A limit of 0 is unlimited.
std::string json_line(const Event& event, std::string_view action, std::uint64_t msec);

}  // namespace iopslimit
