// SPDX-License-Identifier: Apache-2.0
// What the kernel holds because of us: written as a difference, adopted from an earlier run, given
// back.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "limit/backend.hpp"
#include "limit/rule_difference.hpp"

namespace iopslimit {

/// Whatever the list of an earlier run says: no other cgroup is ever written.
bool may_hold_rules(std::string_view cgroup);

class RuleStore {
 public:
  /// `ours`: the rules an earlier run wrote (limit/ownership_log).
  RuleStore(LimitBackend& backend, std::vector<RuleKey> ours);

  /// What was left in a cgroup that is seen for the first time: as the kernel has it now.
  std::vector<Rule> adopt(const std::string& cgroup);
  /// Leaves a cgroup's rules in force, to be adopted by whoever comes to hold them, or released.
  void orphan(const std::string& cgroup, const std::vector<Rule>& held);
  /// Takes away every left rule whose cgroup nobody adopted; those of a cgroup that is gone are
  /// forgotten.
  void release_orphans();

  /// Shows every left rule with the limit that the kernel has now.
  void each_orphan(const std::function<void(const std::string& cgroup, const Rule&)>& see) const;

  /// Writes what differs; `held` is what holds afterwards. The first error, if any: the other
  /// rules are written nevertheless. A cgroup's first rule on a device is not read back: see
  /// take_unverified().
  std::error_code set(const std::string& cgroup, const std::vector<Rule>& wanted,
                      std::vector<Rule>& held);
  /// Takes the rules away, if the cgroup is still there. What cannot be taken away is left.
  void release(const std::string& cgroup, const std::vector<Rule>& held);
  /// The cgroup went, and its rules with it.
  void drop(const std::string& cgroup, const std::vector<Rule>& held);
  /// The number belongs to no device, or to another one: `held` keeps the rule on it only if the
  /// kernel does. (It drops a disk's rules with the disk, but a loop device keeps them when it gets
  /// another file.)
  void revalidate(const std::string& cgroup, Devnum device, std::vector<Rule>& held);
  /// Writes a rule that limits nothing and takes it away again, where there is none.
  void prime(const RuleKey& key);
  /// One of the cgroups whose first rules were not read back, for repair(); empty: there is none.
  std::string take_unverified();
  /// Reads every rule back and puts right what somebody else changed; tells of each. What could not
  /// be is taken out of `held`. The first error, if any; a cgroup that is gone is none.
  std::error_code repair(const std::string& cgroup, std::vector<Rule>& held,
                         const std::function<void(const Rule& rule, const Limit& found)>& repaired);
  /// Rules that were put in force or taken away so far.
  std::uint64_t writes() const { return writes_; }

 private:
  LimitBackend& backend_;
  std::uint64_t writes_ = 0;
  std::map<std::string, std::vector<Rule>> orphans_;
  std::deque<std::string> unverified_;
};

}  // namespace iopslimit
