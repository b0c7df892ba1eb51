// SPDX-License-Identifier: Apache-2.0
// What two limits are together, where 0 = unlimited counts as larger than any limit.
#pragma once

#include "limit/limit.hpp"

namespace iopslimit {

/// Returns what `iops` makes of each pair of IOPS, and `bps` of each pair of bytes/s.
template <typename CombineIops, typename CombineBps>
Limit combined(const Limit& one, const Limit& other, const CombineIops& iops,
               const CombineBps& bps) {
  return {.read_iops = iops(one.read_iops, other.read_iops),
          .write_iops = iops(one.write_iops, other.write_iops),
          .read_bps = bps(one.read_bps, other.read_bps),
          .write_bps = bps(one.write_bps, other.write_bps)};
}

/// Returns the larger value of each pair.
Limit laxer(const Limit& one, const Limit& other);

/// Returns what both limits allow together: the sum of each pair; unlimited if one of the two is,
/// or if the sum is larger than a limit may be.
Limit together(const Limit& one, const Limit& other);

}  // namespace iopslimit
