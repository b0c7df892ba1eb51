// SPDX-License-Identifier: Apache-2.0
// Decides which rules are mirrored to systemd in addition to the kernel, so that they survive when
// systemd rewrites the unit's attributes; keeps track of the rules that systemd already has; and
// finds the changes to send now.
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

/// Why a rule is only in the cgroup's file and not mirrored to systemd.
enum class ByFile {
  hierarchy,  ///< cgroup v1: systemd has no IOPS there (only *_bps_device, systemd's cgroup.c)
  no_unit,    ///< the cgroup has no unit of systemd
  device,     ///< no whole disk: systemd would limit what is below (systemd.resource-control(5))
  unseen      ///< for a mount that has not been seen yet: the kind of device is unknown
};
std::optional<ByFile> by_file(const Capabilities& can, std::string_view cgroup, Devnum device,
                              const Targets& targets);

class UnitRules {
 public:
  struct Needs {
    std::function<void(Event)> emit;
    /// Records across restarts that systemd may have a limit for the key from now on (`known`), or
    /// has none any more.
    std::function<void(const RuleKey&, bool known)> note;
  };
  /// The rules in force for which takes() returned true.
  using InForce = std::map<std::string, std::vector<Rule>, std::less<>>;

  /// `kernel` is the back end in which the rules are in force.
  UnitRules(LimitBackend& kernel, Needs needs) : kernel_(kernel), needs_(std::move(needs)) {}

  /// Takes over a key recorded by an earlier run: assumes that systemd has the limit that the
  /// kernel holds for it now.
  void adopt(const RuleKey& key);
  /// `where` names the configuration key in messages: "[service] apply (file:line)".
  void configure(Apply apply, std::string where);
  /// Whether a rule in force is mirrored to systemd; `total` is true for the total of all pods.
  /// Once mirrored, it stays mirrored, whatever `apply` says. With `apply` = systemd, reports once
  /// why a rule is not mirrored.
  bool takes(const std::string& cgroup, Devnum device, bool total, const Targets& targets);
  /// False if takes() would return false for the rules of all workloads and has nothing to report
  /// about them.
  bool takes_workloads() const;
  /// The changes to send to systemd now, one for each unit; none for a unit with a pending answer.
  std::vector<UnitChange> changes(const InForce& in_force);
  /// The limits that systemd has for a cgroup may have changed: sends them again.
  void doubt(std::string_view cgroup);

  void sent(const UnitChange& change);
  /// `why` is systemd's reason for a refusal. `in_force` are the current rules: if systemd's own
  /// write has left other values in the kernel, restores the rules.
  void answered(const UnitChange& change, UnitAnswer answer, const std::string& why,
                const InForce& in_force);

 private:
  /// The limit that systemd has for each device; nullopt: it may have one, but the value is
  /// unknown.
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
  Needs needs_;
  Apply apply_ = Apply::files;
  std::string where_;
  std::map<std::string, Known, std::less<>> known_;
  std::set<std::string> open_;       // cgroups with a pending answer for their unit
  std::set<RuleKey> refused_;        // not sent again while the rule is in force
  std::set<std::string> announced_;  // each text is announced once
};

}  // namespace iopslimit
