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
#include "cgroup/population.hpp"

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

/// Something that should be limited and for which nothing is in force: a data mount, a container or
/// a total.
struct Missing {
  std::string cgroup;  ///< empty for a data mount
  std::string shown;   ///< "/data", "shop/db-0/db"
  std::string text;
  bool operator==(const Missing&) const = default;
};

struct Comparison {
  std::size_t rules = 0;  ///< compared
  std::vector<Difference> differences;
  std::vector<Missing> missing;
  bool good() const { return differences.empty() && missing.empty(); }
};

/// Returns the rules in force in a cgroup; nothing when it is gone or unreadable.
using RulesOf = std::function<std::optional<std::vector<Rule>>(const std::string& cgroup)>;

/// Compares every rule of the snapshot. Also finds rules in the kernel that the snapshot lacks, on
/// its devices, containers in `present` that it does not list, and what nothing is in force for. A
/// container that an operator has paused is not among these, nor one that is unlimited on every
/// data mount.
Comparison compare(const Snapshot& snapshot, const std::vector<ContainerPath>& present,
                   const RulesOf& kernel);

/// Adds what is missing for strays (cgroup/population): processes of a container with rules that
/// its rules do not reach.
void add_strays(const std::vector<Stray>& strays, const Snapshot& snapshot, Comparison& comparison);

/// Keeps what was found both times: a container may come or go between two queries.
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
