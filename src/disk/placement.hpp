// SPDX-License-Identifier: Apache-2.0
// Which devices of a data stack carry the rules of its mount.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "disk/data_stack.hpp"
#include "disk/devnum.hpp"

namespace iopslimit {

/// Where a mount's rules go: to the device nearest the file system, or to every disk below it.
enum class LimitAt { volume, disk };

/// A device that carries a rule.
struct RuleDevice {
  Devnum devnum;
  std::string identity;
  bool whole_disk = false;  ///< nothing is below it: systemd takes it for what it is
  auto operator<=>(const RuleDevice&) const = default;
};

/// Where the rules of a mount go, and how that is said.
struct Placement {
  std::vector<RuleDevice> rules;  ///< at least one
  /// Each rule is this part of the container's limit: more than 1 only where the I/O is known to
  /// spread evenly over the devices.
  unsigned divisor = 1;
  /// "/data = ext4 on vg-data (252:0) on nvme0n1p2, nvme1n1p2; rule on 252:0"
  std::string chain;
  /// What an operator must know about how exact the limit is: one sentence each.
  std::vector<std::string> cautions;
  bool operator==(const Placement&) const = default;
};

/// Decides from the facts. `volume`: the device nearest the file system that takes a rule (a
/// partition does not, its disk does); for btrfs every member's. `disk`: every disk at the bottom.
std::variant<Placement, Unsupported> place_rules(const DataStack& stack, LimitAt limit_at);

/// The folders that share a device with a rule of the placement: "/", "/var/lib/kubelet".
std::vector<std::string> shared_system_mounts(const Placement& placement,
                                              const std::vector<SystemMount>& system_mounts);

}  // namespace iopslimit
