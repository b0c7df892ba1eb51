// SPDX-License-Identifier: Apache-2.0
// A carrier as an operator sees it.
#pragma once

#include "core/carrier.hpp"
#include "core/overview.hpp"
#include "core/pause.hpp"

namespace iopslimit {

/// `paused_until` as Pauses has it.
CarrierView view_of(const Carrier& carrier, const Pauses& pauses);

/// Adds what the limited containers' limits come to, to each device that carries them.
void add_up(Overview& overview);

}  // namespace iopslimit
