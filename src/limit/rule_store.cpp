// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_store.hpp"

#include <algorithm>
#include <utility>

#include "cgroup/path.hpp"

namespace iopslimit {
namespace {

// A process that changes the limit in a loop may come between a write and its reading back.
constexpr int most_writes = 10;

}  // namespace

bool may_hold_rules(std::string_view cgroup) {
  if (!cgroup.starts_with('/') || cgroup.find("//") != std::string_view::npos) return false;
  const CgroupKind key = kind_of(cgroup, {.docker = true, .podman = true});
  return key == CgroupKind::container || key == CgroupKind::pod || key == CgroupKind::kubepods;
}

RuleStore::RuleStore(LimitBackend& backend, std::vector<RuleKey> ours, Unverified unverified)
    : backend_(backend), unverified_(std::move(unverified)) {
  for (RuleKey& key : ours) {
    if (!may_hold_rules(key.cgroup)) continue;
    orphans_[std::move(key.cgroup)].push_back({key.device, Limit{}});
  }
}

std::vector<Rule> RuleStore::adopt(const std::string& cgroup) {
  std::vector<Rule> held;
  const auto left = orphans_.find(cgroup);
  if (left == orphans_.end()) return held;
  for (const Rule& rule : left->second) {
    const auto limit = backend_.read({cgroup, rule.device});
    if (limit && !limit->unlimited()) held.push_back({rule.device, *limit});
  }
  orphans_.erase(left);
  return held;
}

void RuleStore::orphan(const std::string& cgroup, const std::vector<Rule>& held) {
  if (!held.empty()) orphans_[cgroup] = held;
}

void RuleStore::release_orphans() {
  for (const auto& [cgroup, rules] : std::exchange(orphans_, {})) release(cgroup, rules);
}

void RuleStore::each_orphan(const std::function<void(const std::string&, const Rule&)>& see) const {
  for (const auto& [cgroup, rules] : orphans_) {
    for (const Rule& rule : rules) {
      const auto limit = backend_.read({cgroup, rule.device});
      if (limit && !limit->unlimited()) see(cgroup, {rule.device, *limit});
    }
  }
}

std::error_code RuleStore::set(const std::string& cgroup, const std::vector<Rule>& wanted,
                               std::vector<Rule>& held) {
  std::error_code first;
  bool created = false;
  changes_.clear();
  add_changes(wanted, held, changes_);
  key_.cgroup = cgroup;
  for (const Rule& rule : changes_) {
    key_.device = rule.device;
    const auto before = std::ranges::find(held, rule.device, &Rule::device);
    const bool is_first = before == held.end();
    std::error_code error =
        is_first ? backend_.create(key_, rule.limit) : write(key_, rule.limit, before->limit);
    // The kernel drops a disk's rules with the disk, so there is nothing left to remove.
    if (error == ControlError::device_refused && rule.limit.unlimited()) error.clear();
    if (error) {
      if (!first) first = error;
      continue;
    }
    ++writes_;
    created = created || is_first;
    std::erase_if(held, [&rule](const Rule& old) { return old.device == rule.device; });
    if (!rule.limit.unlimited()) held.push_back(rule);
  }
  if (created) unverified_(cgroup);
  return first;
}

void RuleStore::release(const std::string& cgroup, const std::vector<Rule>& held) {
  for (const Rule& rule : held) {
    const RuleKey key{cgroup, rule.device};
    const std::error_code error = write(key, Limit{}, rule.limit);
    if (error == ControlError::cgroup_gone || error == ControlError::device_refused) {
      backend_.drop(key);
    } else if (error) {
      orphans_[cgroup].push_back(rule);  // the next release_orphans() tries again
    }
  }
}

void RuleStore::drop(const std::string& cgroup, const std::vector<Rule>& held) {
  for (const Rule& rule : held) backend_.drop({cgroup, rule.device});
}

void RuleStore::revalidate(const std::string& cgroup, Devnum device, std::vector<Rule>& held) {
  const RuleKey key{cgroup, device};
  const auto gone = std::erase_if(held, [&](const Rule& rule) {
    return rule.device == device && backend_.read(key) != rule.limit;
  });
  if (gone != 0) backend_.drop(key);
}

void RuleStore::prime(const RuleKey& key) {
  const auto found = backend_.read(key);
  if (!found || !found->unlimited()) return;
  // If the kernel refuses this rule, it also refuses the first container's rule, and that error is
  // reported.
  const Limit nothing = symmetric(max_iops);
  if (!backend_.create(key, nothing)) static_cast<void>(backend_.set(key, Limit{}, nothing));
}

std::error_code RuleStore::write(const RuleKey& key, const Limit& limit, const Limit& held) {
  std::error_code error;
  for (int writes = 0; writes < most_writes; ++writes) {
    error = backend_.set(key, limit, held);
    if (error != ControlError::not_held) break;
  }
  return error;
}

std::error_code RuleStore::repair(const std::string& cgroup, std::vector<Rule>& held,
                                  const std::function<void(const Rule&, const Limit&)>& repaired,
                                  Reading reading) {
  std::error_code first;
  const auto lost = [&](const Rule& rule) {
    const RuleKey key{cgroup, rule.device};
    const auto found =
        reading == Reading::first ? backend_.read_back(key, rule.limit) : backend_.read(key);
    if (found == rule.limit) return false;
    const std::error_code error = write(key, rule.limit, found.value_or(Limit{}));
    const bool again = error == ControlError::not_held && reading == Reading::later;
    if (!error || again) repaired(rule, found.value_or(Limit{}));
    // If the rule can be neither read nor written for another reason, assume that it is unchanged.
    const bool known = found || error == ControlError::controller_missing;
    if (!error || error == ControlError::cgroup_gone || !known) return false;
    if (!first) first = error;
    return !again;
  };
  std::erase_if(held, lost);
  return first;
}

}  // namespace iopslimit
