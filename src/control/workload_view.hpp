// SPDX-License-Identifier: Apache-2.0
// A workload as an operator sees it.
#pragma once

#include "api/snapshot.hpp"
#include "control/workload.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

/// `paused_until` as Pauses has it.
WorkloadView view_of(const Workload& workload, const Pauses& pauses);

/// Adds what the limited containers' limits come to, to each device that carries them.
void add_up(Snapshot& snapshot);

}  // namespace iopslimit
