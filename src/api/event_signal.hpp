// SPDX-License-Identifier: Apache-2.0
// The signal that tells the bus of an event.
#pragma once

#include "api/snapshot_fields.hpp"
#include "report/event.hpp"

namespace iopslimit {

/// Returns ContainerLimited, ContainerExempted or DriftRepaired; null for an event without a
/// signal.
const char* signal_of(Action action);

/// What the signal says.
Fields fields_of(const Event& event);

}  // namespace iopslimit
