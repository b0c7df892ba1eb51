// SPDX-License-Identifier: Apache-2.0
// Sets the rules on the kubepods directories: where the kernel can hold it for
// all pods together, this is the total of all pods, on every disk.
#pragma once

#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "api/snapshot.hpp"
#include "config/config.hpp"
#include "control/cgroup_rules.hpp"
#include "control/data_mounts.hpp"
#include "limit/rule_store.hpp"
#include "report/event_sink.hpp"

namespace iopslimit {

class PodsTotal : public CgroupRules {
 public:
  /// Where a rule does not hold for the cgroups below, the directories have none.
  PodsTotal(RuleStore& rules, EventSink& events)
      : CgroupRules(rules, events, "the total for"), rules_(rules), events_(events) {}

  /// Puts the rules of an existing directory in force.
  std::error_code apply(const std::string& cgroup, const DataMounts& mounts);
  /// The same for all known directories.
  void apply_all(const DataMounts& mounts);
  /// Removes every rule, and writes none until restore().
  void clear();
  void restore() { cleared_ = false; }
  /// The rules in force, as shown to an operator.
  std::vector<TotalView> views() const;

 private:
  std::vector<Rule> wanted(const std::vector<Rule>& held, const DataMounts& mounts) const;
  void activate(const std::string& cgroup, const DataMounts& mounts);

  RuleStore& rules_;
  EventSink& events_;
  bool cleared_ = false;
  std::set<RuleDevice> activated_;  // disks with initialised throttling (they have had a rule)
};

}  // namespace iopslimit
