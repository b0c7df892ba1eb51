// SPDX-License-Identifier: Apache-2.0
// Which rules systemd is told of beside the kernel, so that they outlive whatever makes it write
// the unit's attributes anew; what it knows because of us; and what it has to be told now.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "control/target.hpp"
#include "limit/backend.hpp"
#include "report/event.hpp"
#include "systemd/unit_change.hpp"

namespace iopslimit {

/// Why a rule is in the cgroup's file alone.
enum class ByFile {
  hierarchy,  ///< cgroup v1: systemd has no IOPS there (only *_bps_device, systemd's cgroup.c)
  no_unit,    ///< nothing that systemd made
  device,     ///< no whole disk: systemd would limit what is below it (systemd.resource-control(5))
  unseen      ///< of a mount that was not there yet: nobody knows what the device is
};
std::optional<ByFile> by_file(CgroupVersion version, std::string_view cgroup, Devnum device,
                              const Targets& targets);

class UnitRules {
 public:
  struct Needs {
    std::function<void(Event)> emit;
    /// systemd may know something of the place from now on, or knows nothing any more: remembered
    /// over restarts.
    std::function<void(const RuleKey&, bool known)> note;
  };
  /// The rules in force that takes() said yes to.
  using InForce = std::map<std::string, std::vector<Rule>, std::less<>>;

  /// `kernel`: where the rules are in force; `version` is v1 or v2.
  UnitRules(LimitBackend& kernel, CgroupVersion version, Needs needs)
      : kernel_(kernel), version_(version), needs_(std::move(needs)) {}

  /// A place that an earlier run has noted: systemd is taken to know what the kernel has there now.
  void adopt(const RuleKey& key);
  /// `where` names the key for messages: "[service] apply (file:line)".
  void configure(Apply apply, std::string where);
  /// Whether systemd is told of a rule in force; `total`: it is that of all pods. What it was told
  /// once it is told on, whatever `apply` says. With `apply` = systemd, says once why not.
  bool takes(const std::string& cgroup, Devnum device, bool total, const Targets& targets);
  /// False: of no container's or pod's rule takes() says yes, and there is nothing to say of one.
  bool takes_workloads() const;
  /// What systemd has to be told now, a unit once; nothing of a unit that has not answered yet.
  std::vector<UnitChange> changes(const InForce& in_force);
  /// What was told of a cgroup may be so no more: it is told again.
  void doubt(std::string_view cgroup);

  void sent(const UnitChange& change);
  /// `why`: what systemd says to a refusal. `in_force` as of now: what systemd's own write has left
  /// otherwise in the kernel is put right.
  void answered(const UnitChange& change, UnitAnswer answer, const std::string& why,
                const InForce& in_force);

 private:
  /// What systemd knows of a device; nothing: perhaps something, but not what.
  using Known = std::map<Devnum, std::optional<Limit>>;

  bool is_known(std::string_view cgroup, Devnum device) const;
  bool tells(const std::string& cgroup, const Rule& rule) const;
  std::vector<RuleKey> known_beyond(const InForce& in_force) const;
  void drop(const RuleKey& key);
  void gone(const RuleKey& key);
  void give_up(const UnitChange& change, const std::string& text);
  void read_back(const UnitChange& change, const InForce& in_force);
  void announce(const std::string& text);

  LimitBackend& kernel_;
  CgroupVersion version_;
  Needs needs_;
  Apply apply_ = Apply::files;
  std::string where_;
  std::map<std::string, Known, std::less<>> known_;
  std::set<std::string> open_;       // cgroups whose unit has not answered
  std::set<RuleKey> refused_;        // not tried again while the rule is in force
  std::set<std::string> announced_;  // each once
};

}  // namespace iopslimit
