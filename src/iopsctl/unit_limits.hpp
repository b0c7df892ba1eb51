// SPDX-License-Identifier: Apache-2.0
// Removes the limits that a service which no longer runs has set through systemd.
#pragma once

#include <functional>
#include <string>

namespace iopslimit {

/// Lifts the unit properties listed in the file `notes` and removes their notes. Waits for systemd.
/// `address`: of the bus. Calls `warn` for each property that stays; returns true when none does.
bool lift_unit_limits(const std::string& notes, const std::string& address,
                      const std::function<void(const std::string&)>& warn);

}  // namespace iopslimit
