// SPDX-License-Identifier: Apache-2.0
// Shows a workload to an operator.
#pragma once

#include "api/snapshot.hpp"
#include "control/workload.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

/// The view of one workload; `paused_until` is on the clock of Pauses.
WorkloadView view_of(const Workload& workload, const Pauses& pauses);

/// Adds the limits of the limited containers to `used` of each device that carries them.
void add_up(Snapshot& snapshot);

}  // namespace iopslimit
