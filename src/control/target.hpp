// SPDX-License-Identifier: Apache-2.0
// A device that carries rules, and the data mounts that these rules are for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "config/config.hpp"
#include "disk/placement.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

struct Target {
  /// A mount that is stored on the device.
  struct Use {
    std::size_t mount = 0;  ///< its index in Config::data_mounts()
    unsigned divisor = 1;   ///< the device carries 1/divisor of the mount's limit
    bool operator==(const Use&) const = default;
  };

  RuleDevice device;
  std::vector<Use> uses;         ///< at least one; if several, the strictest applies
  bool mounted = true;           ///< false: rules in force stay, no rule is added
  std::uint64_t total_iops = 0;  ///< of all pods together, each direction; 0 = none
  TotalTerms sharing;            ///< of the mount that is named first
  bool operator==(const Target&) const = default;

  /// The limit on this device that follows from a container's limits (Decision::limits).
  Limit limit(const std::vector<Limit>& limits) const;
  /// The terms of sharing on this device that follow from a container's (Decision::terms).
  ShareTerms terms(const std::vector<ShareTerms>& terms) const;
  /// True if the total of this device is shared by what the containers do.
  bool is_shared() const { return total_iops != 0 && sharing.fair_total; }
};

using Targets = std::vector<Target>;

}  // namespace iopslimit
