// SPDX-License-Identifier: Apache-2.0
// Decides which devices of a data stack carry the rules of its mount.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "disk/data_stack.hpp"
#include "disk/devnum.hpp"

namespace iopslimit {

/// Where the rules of a mount are placed: on the device nearest the file system, or on every disk
/// below it.
enum class LimitAt { volume, disk };

/// A device that carries a rule.
struct RuleDevice {
  Devnum devnum;
  std::string identity;
  bool whole_disk = false;  ///< no device is below it, so systemd accepts it as the disk that it is
  auto operator<=>(const RuleDevice&) const = default;
};

/// The devices that carry the rules of a mount, and a description of that for people.
struct Placement {
  std::vector<RuleDevice> rules;  ///< at least one
  /// Each rule is the container's limit divided by this. It is more than 1 only when the I/O is
  /// known to spread evenly over the devices.
  unsigned divisor = 1;
  /// "/data = ext4 on vg-data (252:0) on nvme0n1p2, nvme1n1p2; rule on 252:0"
  std::string chain;
  /// What an operator must know about the accuracy of the limit: one sentence each.
  std::vector<std::string> cautions;
  bool operator==(const Placement&) const = default;
};

/// Chooses the devices. `volume`: the device nearest the file system that accepts a rule (a
/// partition does not, its disk does); for btrfs, one such device for every member. `disk`: every
/// disk at the bottom.
std::variant<Placement, Unsupported> place_rules(const DataStack& stack, LimitAt limit_at);

/// Returns the folders that share a device with a rule of the placement: "/", "/var/lib/kubelet".
std::vector<std::string> shared_system_mounts(const Placement& placement,
                                              const std::vector<SystemMount>& system_mounts);

}  // namespace iopslimit
