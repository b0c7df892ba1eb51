// SPDX-License-Identifier: Apache-2.0
// A device that carries rules, and for which data mounts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "control/budget.hpp"
#include "disk/placement.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

struct Target {
  /// A mount that stands on the device.
  struct Use {
    std::size_t mount = 0;  ///< its place in Config::data_mounts()
    unsigned divisor = 1;   ///< the device carries this part of the mount's limit
    bool operator==(const Use&) const = default;
  };

  RuleDevice device;
  std::vector<Use> uses;         ///< at least one; of several the strictest counts
  bool mounted = true;           ///< false: rules that are in force stay, none is added
  std::uint64_t total_iops = 0;  ///< of all pods together, each direction; 0 = none
  bool operator==(const Target&) const = default;

  /// What a container's limits (Decision::limits) come to on this device.
  Limit limit(const std::vector<Limit>& limits) const;
};

using Targets = std::vector<Target>;

/// The division of each target's total among those who compete for it, on cgroup v1.
class Budgets {
 public:
  /// None of what was added counts any more.
  void start_over(const Targets& targets);
  void add(const Targets& targets, const std::vector<Limit>& limits);
  void remove(const Targets& targets, const std::vector<Limit>& limits);
  /// `target`: its place in the targets.
  Limit share(std::size_t target, const Limit& request) const {
    return budgets_[target].share(request);
  }

 private:
  std::vector<Budget> budgets_;
};

}  // namespace iopslimit
