// SPDX-License-Identifier: Apache-2.0
// Manages the rules that the kernel holds because of this service: writes differences, adopts the
// rules of an earlier run, and removes rules.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "limit/backend.hpp"
#include "limit/rule_difference.hpp"

namespace iopslimit {

/// Whether this service may ever write to this cgroup: a container, a pod or a kubepods
/// directory. A path with ".." or an empty part is none. Readers of an earlier run's notes skip
/// all other cgroups, because the file may be damaged.
bool may_hold_rules(std::string_view cgroup);

/// When a rule is read back. A rule that the kernel accepted and does not hold: at the first
/// reading the kernel refused it; later somebody who writes in a loop changed it again.
enum class Reading { first, later };

class RuleStore {
 public:
  /// Passes a cgroup whose first rules were written and not read back: the caller passes it to
  /// repair() when there is time.
  using Unverified = std::function<void(const std::string& cgroup)>;

  /// `ours`: the rules that an earlier run wrote (limit/ownership_log).
  RuleStore(LimitBackend& backend, std::vector<RuleKey> ours, Unverified unverified);

  Capabilities capabilities() const { return backend_.capabilities(); }

  /// Returns the orphans of a cgroup that is found for the first time, with the limits that the
  /// kernel holds now. They are no longer orphans afterwards.
  std::vector<Rule> adopt(const std::string& cgroup);
  /// Leaves a cgroup's rules in force, until adopt() takes them over or release_orphans() removes
  /// them.
  void orphan(const std::string& cgroup, const std::vector<Rule>& held);
  /// Removes every orphan from the kernel. Orphans whose cgroup is gone are forgotten.
  void release_orphans();

  /// Passes every orphan to `see`, with the limit that the kernel holds now.
  void each_orphan(const std::function<void(const std::string& cgroup, const Rule&)>& see) const;

  /// Writes the rules that differ; `held` becomes the rules that hold afterwards. Returns the first
  /// error, if any; the other rules are written nevertheless. A cgroup's first rule on a device is
  /// not read back: see Unverified.
  std::error_code set(const std::string& cgroup, const std::vector<Rule>& wanted,
                      std::vector<Rule>& held);
  /// Removes the rules, if the cgroup still exists. Rules that cannot be removed become orphans.
  void release(const std::string& cgroup, const std::vector<Rule>& held);
  /// Forgets the rules of a cgroup that is gone: the kernel removed them with it.
  void drop(const std::string& cgroup, const std::vector<Rule>& held);
  /// Call this when the number belongs to no device any more, or to another one: `held` keeps the
  /// rule on it only if the kernel does. (The kernel drops a disk's rules with the disk, but a loop
  /// device keeps them when it gets another file.)
  void revalidate(const std::string& cgroup, Devnum device, std::vector<Rule>& held);
  /// If there is no rule for `key`, writes one that limits nothing and removes it again.
  void prime(const RuleKey& key);
  /// Reads every rule back (at the first reading the values that were written), restores those that
  /// somebody else changed, and calls `repaired` for each of them. Removes from `held` the rules
  /// that could not be restored. One that was changed again at once stays: whoever changes it calls
  /// for the next repair. Returns the first error, if any; a cgroup that is gone is not an error.
  std::error_code repair(const std::string& cgroup, std::vector<Rule>& held,
                         const std::function<void(const Rule& rule, const Limit& found)>& repaired,
                         Reading reading = Reading::later);
  /// What the kernel holds, whoever wrote it: see LimitBackend::read().
  std::optional<Limit> read(const RuleKey& key) const { return backend_.read(key); }
  /// The number of rules that were put in force or removed so far.
  std::uint64_t writes() const { return writes_; }

 private:
  std::error_code write(const RuleKey& key, const Limit& limit, const Limit& held);

  LimitBackend& backend_;
  Unverified unverified_;
  std::uint64_t writes_ = 0;
  std::map<std::string, std::vector<Rule>> orphans_;
  std::vector<Rule> changes_;  // these two are members to keep their capacity
  RuleKey key_;
};

}  // namespace iopslimit
