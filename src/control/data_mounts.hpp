// SPDX-License-Identifier: Apache-2.0
// The known state of each data mount, and the devices that carry its rules.
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

  /// Sets new limits and totals for the mounts that stay; other mounts need a scan.
  void configure(const Config& config);
  /// Takes in the result of a scan. Returns the events to announce, each once.
  std::vector<Event> scan(const DiskFacts& facts);

  /// The devices of all mounts, each once. A mount that was unmounted keeps its devices until it is
  /// mounted on others: its file system may still be mounted in the containers' own namespaces.
  const Targets& targets() const { return targets_; }
  /// Devices of the previous scan that are gone, even if the number was reused.
  const std::vector<Devnum>& lost() const { return lost_; }
  /// True if the devices of every mount are known, now or from before: then a rule of the service
  /// on any other device is an orphan.
  bool all_placed() const;
  /// Appends to `rules` those of `held` that must stay unchanged: those on devices of a mount that
  /// was unmounted and, while some mount has never been seen, those on any device that could belong
  /// to it.
  void keep(const std::vector<Rule>& held, std::vector<Rule>& rules) const;
  bool any_mounted() const;
  /// One text for all mounts in turn: the chain of each, or what the service waits for.
  std::string status() const;
  /// Each mount as shown to an operator, without the sum of the limits (DeviceView::used).
  std::vector<DeviceView> views() const;

 private:
  struct Known {
    DataMount configured;
    std::optional<Placement> placement;                               ///< the latest
    std::string absent = "the data mount has not been resolved yet";  ///< empty: it is present
    bool refused = false;             ///< absent because it cannot or must not be limited
    std::vector<std::string> shared;  ///< already warned about
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
