// SPDX-License-Identifier: Apache-2.0
// What systemd knows of limits because of a service that is not running.
#pragma once

#include <functional>
#include <string>

namespace iopslimit {

/// Lifts the properties that the service has noted in the file `notes`, and their notes; waits for
/// systemd. `address` of the bus. Gives `complain` a text for each that stays. True when none does.
bool lift_unit_limits(const std::string& notes, const std::string& address,
                      const std::function<void(const std::string&)>& warn);

}  // namespace iopslimit
