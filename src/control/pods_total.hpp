// SPDX-License-Identifier: Apache-2.0
// Sets the rules on the kubepods directories: where the kernel can hold it for
// all pods together, this is the total of all pods, on every disk.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "api/snapshot.hpp"
#include "config/config.hpp"
#include "control/data_mounts.hpp"
#include "limit/rule_store.hpp"
#include "report/event_sink.hpp"

namespace iopslimit {

class PodsTotal {
 public:
  /// Where a rule does not hold for the cgroups below, the directories have none.
  PodsTotal(RuleStore& rules, EventSink& events) : rules_(rules), events_(events) {}

  /// Puts the rules of an existing directory in force.
  std::error_code apply(const std::string& cgroup, const DataMounts& mounts);
  /// The same for all known directories.
  void apply_all(const DataMounts& mounts);
  /// A directory was removed, and its rules with it. Returns false if it is not known here.
  bool forget(std::string_view cgroup);
  /// See RuleStore::revalidate().
  void revalidate(Devnum device);
  /// Removes the rules of all directories for which `shown` returns false.
  void release_unless(const std::function<bool(const std::string& cgroup)>& shown);
  void repair_all();
  /// Repairs one directory; does nothing if it is not known here. Has announced the error that it
  /// returns.
  std::error_code repair(const std::string& cgroup);
  /// Removes every rule, and writes none until restore().
  void clear();
  void restore() { cleared_ = false; }
  /// Passes every rule that is in force to `see`.
  void each(const std::function<void(const std::string& cgroup, const Rule&)>& see) const;
  /// The rules in force, as shown to an operator.
  std::vector<TotalView> views() const;

  bool knows(std::string_view cgroup) const { return trees_.contains(cgroup); }
  /// Every known directory.
  std::vector<std::string> cgroups() const;
  /// The directories on which the service has a rule in force.
  std::vector<std::string> holders() const;
  bool holds(std::string_view cgroup) const;

 private:
  struct Tree {
    std::vector<Rule> held;
    std::error_code last_error;
  };

  std::vector<Rule> wanted(const Tree& tree, const DataMounts& mounts) const;
  void activate(const std::string& cgroup, const DataMounts& mounts);
  void note_error(const std::string& cgroup, Tree& tree, std::error_code error);

  RuleStore& rules_;
  EventSink& events_;
  std::map<std::string, Tree, std::less<>> trees_;
  bool cleared_ = false;
  std::set<RuleDevice> activated_;  // disks with initialised throttling (they have had a rule)
};

}  // namespace iopslimit
