// SPDX-License-Identifier: Apache-2.0
// The rules on the kubepods directories: on v2 the total of all pods, on every disk.
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
#include "report/event.hpp"

namespace iopslimit {

class PodsTotal {
 public:
  using Emit = std::function<void(Event)>;

  /// `version` is v1 or v2: on v1, which knows no hierarchy, the directories have no rule. `tell`
  /// gets what there is to say.
  PodsTotal(RuleStore& rules, CgroupVersion version, Emit emit)
      : rules_(rules), version_(version), emit_(std::move(emit)) {}

  /// A directory that is there: what it should hold is in force on return.
  std::error_code apply(const std::string& cgroup, const DataMounts& mounts);
  /// All of them.
  void apply_all(const DataMounts& mounts);
  /// A directory is gone, and its rules with it. False: it was none of them.
  bool forget(std::string_view cgroup);
  /// See RuleStore::revalidate().
  void revalidate(Devnum device);
  /// Takes the rules of those that `shown` does not hold away.
  void release_unless(const std::function<bool(const std::string& cgroup)>& shown);
  void repair_all();
  /// One of them; nothing when it is none. Its error has been told.
  std::error_code repair(const std::string& cgroup);
  /// Removes every rule, and writes none until restore().
  void clear();
  void restore() { cleared_ = false; }
  /// Shows every rule that is in force.
  void each(const std::function<void(const std::string& cgroup, const Rule&)>& see) const;
  /// What is in force, for an operator.
  std::vector<TotalView> views() const;

  bool knows(std::string_view cgroup) const { return trees_.contains(cgroup); }
  /// Those that have a rule of ours.
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
  CgroupVersion version_;
  Emit emit_;
  std::map<std::string, Tree, std::less<>> trees_;
  bool cleared_ = false;
  std::set<RuleDevice> activated_;  // disks whose throttling has had a rule
};

}  // namespace iopslimit
