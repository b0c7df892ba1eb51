// SPDX-License-Identifier: Apache-2.0
// What the service says, against what the kernel holds.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/path.hpp"

namespace iopslimit {

/// One rule that is not the same on both sides.
struct Difference {
  std::string cgroup;
  std::string shown;  ///< "shop/db-0/db"
  std::optional<Rule> service;
  std::optional<Rule> kernel;
  std::string text;
  bool operator==(const Difference&) const = default;
};

struct Comparison {
  std::size_t rules = 0;  ///< that were compared
  std::vector<Difference> differences;
};

/// What is in force in a cgroup; nothing when it is gone or cannot be read.
using RulesOf = std::function<std::optional<std::vector<Rule>>(const std::string& cgroup)>;

/// Compares every rule of the snapshot, looks for rules on its devices that it has none for, and
/// for containers among `present` that it does not know.
Comparison compare(const Snapshot& snapshot, const std::vector<ContainerPath>& present,
                   const RulesOf& kernel);

/// Only what both found: a container that came or went between two questions is no difference.
Comparison in_both(const Comparison& first, Comparison second);

/// One answer of `health`.
struct HealthCheck {
  std::string name;  ///< "service", "rules", "containers", "devices"
  bool good = false;
  std::string text;
};

/// Of a service that has answered.
HealthCheck turning();
std::vector<HealthCheck> health_of(const Snapshot& snapshot, const Comparison& comparison);

}  // namespace iopslimit
