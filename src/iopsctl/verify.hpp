// SPDX-License-Identifier: Apache-2.0
// Compares the rules of the service with those in force in the kernel.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/path.hpp"

namespace iopslimit {

/// A rule that differs between the service and the kernel.
struct Difference {
  std::string cgroup;
  std::string shown;  ///< "shop/db-0/db"
  std::optional<Rule> service;
  std::optional<Rule> kernel;
  std::string text;
  bool operator==(const Difference&) const = default;
};

struct Comparison {
  std::size_t rules = 0;  ///< compared
  std::vector<Difference> differences;
};

/// Returns the rules in force in a cgroup; nothing when it is gone or unreadable.
using RulesOf = std::function<std::optional<std::vector<Rule>>(const std::string& cgroup)>;

/// Compares every rule of the snapshot. Also finds rules in the kernel that the snapshot lacks, on
/// its devices, and containers in `present` that it does not list.
Comparison compare(const Snapshot& snapshot, const std::vector<ContainerPath>& present,
                   const RulesOf& kernel);

/// Keeps the differences found both times: a container may come or go between two queries.
Comparison in_both(const Comparison& first, Comparison second);

/// One result of `health`.
struct HealthCheck {
  std::string name;  ///< "service", "rules", "containers", "devices"
  bool good = false;
  std::string text;
};

/// The check of a service that has answered.
HealthCheck answering();
std::vector<HealthCheck> health_of(const Snapshot& snapshot, const Comparison& comparison);

}  // namespace iopslimit
