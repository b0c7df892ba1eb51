// SPDX-License-Identifier: Apache-2.0
// A transient scope: a unit of systemd around a process that runs already, systemd.scope(5).
#pragma once

#include <systemd/sd-bus.h>

#include <string>

namespace iopslimit {

enum class ScopeAnswer {
  moved,
  name_taken,  ///< systemd has a unit of that name
  failed
};

/// Moves this process into the new scope `name` of system.slice, and returns when it is there. The
/// scope ends with the process. `why` says what failed. Blocks, for half a minute at the longest.
ScopeAnswer move_into_scope(sd_bus* bus, const std::string& name, const std::string& description,
                            std::string& why);

}  // namespace iopslimit
