// SPDX-License-Identifier: Apache-2.0
// The rules of cgroups that are no workloads: kubepods directories, and pods that are limited as a
// whole for a while.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "limit/rule_store.hpp"
#include "report/event_sink.hpp"

namespace iopslimit {

class CgroupRules {
 public:
  /// `what` begins the text about an error: "the total for /kubepods is not in force: ...".
  CgroupRules(RuleStore& rules, EventSink& events, std::string what)
      : rules_(rules), events_(events), what_(std::move(what)) {}

  /// Knows the cgroup from now on, with the rules that an earlier run left on it. Returns the rules
  /// in force. The reference is valid until the cgroup is forgotten.
  const std::vector<Rule>& add(const std::string& cgroup);
  /// Puts the rules of a known cgroup in force. Announces an error once.
  std::error_code set(const std::string& cgroup, const std::vector<Rule>& wanted);
  /// The cgroup was removed, and its rules with it. Returns false if it is not known here.
  bool forget(std::string_view cgroup);
  /// Leaves the rules of all cgroups in force for who adopts them (RuleStore::orphan()).
  void orphan_all();
  /// See RuleStore::revalidate().
  void revalidate(Devnum device);
  /// Removes the rules of all cgroups for which `stays` returns false.
  void release_unless(const std::function<bool(const std::string& cgroup)>& stays);
  void repair_all();
  /// Repairs one cgroup; does nothing if it is not known here. Has announced the error that it
  /// returns.
  std::error_code repair(const std::string& cgroup, Reading reading = Reading::later);
  /// Passes every rule that is in force to `see`.
  void each(const std::function<void(const std::string& cgroup, const Rule&)>& see) const;

  bool empty() const { return known_.empty(); }
  bool knows(std::string_view cgroup) const { return known_.contains(cgroup); }
  /// The rules in force; none if it is not known here.
  const std::vector<Rule>& held(std::string_view cgroup) const;
  /// Every known cgroup.
  std::vector<std::string> cgroups() const;
  /// Those with a rule in force.
  std::vector<std::string> holders() const;
  bool holds(std::string_view cgroup) const { return !held(cgroup).empty(); }

 private:
  struct Known {
    std::vector<Rule> held;
    std::error_code last_error;
  };

  void note_error(const std::string& cgroup, Known& known, std::error_code error, const char* so);

  RuleStore& rules_;
  EventSink& events_;
  std::string what_;
  std::map<std::string, Known, std::less<>> known_;
};

}  // namespace iopslimit
