// SPDX-License-Identifier: Apache-2.0
// What is known of each data mount, and the devices that carry rules because of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "config/config.hpp"
#include "control/target.hpp"
#include "disk/placement.hpp"
#include "report/event.hpp"

namespace iopslimit {

class DataMounts {
 public:
  explicit DataMounts(const Config& config) { configure(config); }

  /// New limits and totals for the mounts that stay; others have to be looked at.
  void configure(const Config& config);
  /// Takes a look in. Returns what there is to tell of it, said once.
  std::vector<Event> scan(const DiskFacts& facts);

  /// The devices of all mounts, each once. A mount that is gone keeps its devices until it is
  /// mounted on others: its file system may still be mounted in the containers' own namespaces.
  const Targets& targets() const { return targets_; }
  /// Of the targets before the last look: those whose device is no more, whatever has its number
  /// now.
  const std::vector<Devnum>& lost() const { return lost_; }
  /// Every mount is or was on devices that are known: a rule of ours on any other is left over.
  bool all_placed() const;
  /// Of the rules that a cgroup has, those that stay as they are: on the devices of a mount that is
  /// gone, and while some mount was never seen, on any device that could be its.
  std::vector<Rule> kept(const std::vector<Rule>& held) const;
  bool any_mounted() const;
  /// The chains, and what is waited for, each mount's after the other.
  std::string status() const;
  /// Each mount for an operator; what its limits add up to is not known here.
  std::vector<DeviceView> views() const;

 private:
  struct Known {
    DataMount configured;
    std::optional<Placement> placement;                                ///< the last one
    std::string absent = "the data mount has not been looked at yet";  ///< empty: it is there
    bool refused = false;             ///< it is absent because it cannot or must not be limited
    std::vector<std::string> shared;  ///< what was warned of
  };

  void drop_lost(const DiskFacts& facts);
  static std::string resolve(Known& known, const DataStack& stack,
                             const std::vector<SystemMount>& system_mounts,
                             std::vector<Event>& events);
  void set_targets();
  void announce_shared_targets(const Targets& before, std::vector<Event>& events) const;

  std::vector<Known> mounts_;
  Targets targets_;
  std::vector<Devnum> lost_;
};

}  // namespace iopslimit
