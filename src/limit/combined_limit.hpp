// SPDX-License-Identifier: Apache-2.0
// What two limits are together, where 0 = unlimited counts as larger than any limit.
#pragma once

#include "limit/limit.hpp"

namespace iopslimit {

/// Returns the larger value of each pair.
Limit laxer(const Limit& one, const Limit& other);

/// Returns what both limits allow together: the sum of each pair; unlimited if one of the two is,
/// or if the sum is larger than a limit may be.
Limit together(const Limit& one, const Limit& other);

}  // namespace iopslimit
