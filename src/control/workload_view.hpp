// SPDX-License-Identifier: Apache-2.0
// A carrier as an operator sees it.
#pragma once

#include "api/snapshot.hpp"
#include "control/workload.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

/// `paused_until` as Pauses has it.
CarrierView view_of(const Carrier& carrier, const Pauses& pauses);

/// Adds what the limited containers' limits come to, to each device that carries them.
void add_up(Overview& overview);

}  // namespace iopslimit
