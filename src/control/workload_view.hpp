// SPDX-License-Identifier: Apache-2.0
// Shows a workload to an operator.
#pragma once

#include <vector>

#include "api/snapshot.hpp"
#include "control/workload.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

State state_of(const Workload& workload, const Pauses& pauses);

/// The view of one workload; `paused_until` is on the clock of Pauses.
WorkloadView view_of(const Workload& workload, const Pauses& pauses);

/// Adds a workload's limits to `used` of each device that carries them.
void add_up(const std::vector<Rule>& held, std::vector<DeviceView>& devices);

/// Adds the difference between the rule and the configured limit to `lent` or `cut` of its
/// device.
void add_difference(const Rule& held, const Limit& configured, std::vector<DeviceView>& devices);

}  // namespace iopslimit
