// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_rules.hpp"

#include <algorithm>
#include <utility>

#include "cgroup/path.hpp"
#include "limit/rule_store.hpp"

namespace iopslimit {
namespace {

std::string explain(ByFile why, const std::string& where, Devnum device) {
  const std::string start = where + " is systemd, but ";
  switch (why) {
    case ByFile::hierarchy:
      return start +
             "systemd knows no IOPS limits on cgroup v1: every limit is in the cgroup files alone";
    case ByFile::no_unit:
      return start +
             "not every cgroup here is a unit of systemd's (the kubelet's or the runtime's cgroup "
             "driver is cgroupfs): those limits are in the cgroup files alone";
    case ByFile::device:
      return start + "systemd would limit what is below " + to_string(device) +
             " in its place (it is no whole disk): limits on it are in the cgroup files alone";
    case ByFile::unseen:
      break;
  }
  return "";
}

const Rule* find_rule(const UnitRules::InForce& in_force, std::string_view cgroup, Devnum device) {
  const auto rules = in_force.find(cgroup);
  if (rules == in_force.end()) return nullptr;
  const auto rule = std::ranges::find(rules->second, device, &Rule::device);
  return rule == rules->second.end() ? nullptr : &*rule;
}

}  // namespace

std::optional<ByFile> by_file(const Capabilities& can, std::string_view cgroup, Devnum device,
                              const Targets& targets) {
  if (!can.unit_properties) return ByFile::hierarchy;
  if (unit_of(cgroup).empty()) return ByFile::no_unit;
  const auto target = std::ranges::find_if(
      targets, [device](const Target& one) { return one.device.devnum == device; });
  if (target == targets.end()) return ByFile::unseen;
  return target->device.whole_disk ? std::nullopt : std::optional(ByFile::device);
}

void UnitRules::adopt(const RuleKey& key) {
  if (!may_hold_rules(key.cgroup)) return needs_.note(key, false);
  known_[key.cgroup][key.device] = kernel_.read(key);
}

void UnitRules::configure(Apply apply, std::string where) {
  if (apply != apply_) announced_.clear();
  apply_ = apply;
  where_ = std::move(where);
}

bool UnitRules::takes(const std::string& cgroup, Devnum device, bool total,
                      const Targets& targets) {
  if (is_known(cgroup, device)) return true;
  if (apply_ == Apply::files || (apply_ == Apply::automatic && !total)) return false;
  const auto why = by_file(kernel_.capabilities(), cgroup, device, targets);
  if (why && why != ByFile::unseen && apply_ == Apply::systemd)
    announce(explain(*why, where_, device));
  return !why;
}

bool UnitRules::takes_workloads() const {
  return apply_ == Apply::systemd || std::ranges::any_of(known_, [](const auto& known) {
           return kind_of(known.first) != CgroupKind::kubepods;
         });
}

std::vector<UnitChange> UnitRules::changes(const InForce& in_force) {
  std::erase_if(refused_, [&](const RuleKey& key) {
    return find_rule(in_force, key.cgroup, key.device) == nullptr;
  });
  std::map<std::string, std::vector<Rule>> next;
  for (const auto& [cgroup, rules] : in_force) {
    for (const Rule& rule : rules) {
      if (tells(cgroup, rule)) next[cgroup].push_back(rule);
    }
  }
  for (const RuleKey& key : known_beyond(in_force)) {
    if (!kernel_.read(key)) {
      gone(key);
    } else {
      next[key.cgroup].push_back({key.device, Limit{}});
    }
  }
  std::vector<UnitChange> all;
  for (auto& [cgroup, rules] : next) {
    if (!open_.contains(cgroup)) all.push_back({cgroup, std::move(rules)});
  }
  return all;
}

// The keys for which systemd still has a limit although the rule is no longer in force.
std::vector<RuleKey> UnitRules::known_beyond(const InForce& in_force) const {
  std::vector<RuleKey> keys;
  for (const auto& [cgroup, devices] : known_) {
    for (const auto& one : devices) {
      if (find_rule(in_force, cgroup, one.first) == nullptr) keys.push_back({cgroup, one.first});
    }
  }
  return keys;
}

bool UnitRules::tells(const std::string& cgroup, const Rule& rule) const {
  if (refused_.contains({cgroup, rule.device})) return false;
  return !is_known(cgroup, rule.device) ||
         known_.find(cgroup)->second.at(rule.device) != rule.limit;
}

void UnitRules::doubt(std::string_view cgroup) {
  const auto known = known_.find(cgroup);
  if (known == known_.end()) return;
  for (auto& one : known->second) one.second.reset();
}

void UnitRules::sent(const UnitChange& change) {
  open_.insert(change.cgroup);
  for (const Rule& rule : change.rules) {
    if (!is_known(change.cgroup, rule.device)) needs_.note({change.cgroup, rule.device}, true);
    known_[change.cgroup][rule.device].reset();
  }
}

void UnitRules::answered(const UnitChange& change, UnitAnswer answer, const std::string& why,
                         const InForce& in_force) {
  open_.erase(change.cgroup);
  if (answer == UnitAnswer::taken) return read_back(change, in_force);
  if (answer == UnitAnswer::later) return;
  give_up(change, "systemd does not take the limits of " + std::string(unit_of(change.cgroup)) +
                      " (" + why +
                      "): they are in the cgroup file alone, and so are those of others it does "
                      "not take");
  for (const Rule& rule : change.rules) {
    if (answer == UnitAnswer::no_unit || rule.limit.unlimited()) drop({change.cgroup, rule.device});
  }
}

void UnitRules::read_back(const UnitChange& change, const InForce& in_force) {
  for (const Rule& rule : change.rules) {
    const RuleKey key{change.cgroup, rule.device};
    if (rule.limit.unlimited()) {
      drop(key);
    } else {
      known_[key.cgroup][key.device] = rule.limit;
    }
    const Rule* now = find_rule(in_force, key.cgroup, key.device);
    const auto found = now == nullptr ? std::nullopt : kernel_.read(key);
    if (!found || *found == now->limit) continue;
    if (kernel_.set(key, now->limit, *found)) continue;  // the next pass tries again
    if (*found == rule.limit) continue;                  // the wanted limit has changed meanwhile
    give_up(
        {change.cgroup, {rule}},
        "systemd was given " + to_string(rule.limit) + " for " + std::string(unit_of(key.cgroup)) +
            " on " + to_string(key.device) + ", but then the kernel held " + to_string(*found) +
            ": corrected in the cgroup file, and no longer sent to systemd (systemctl cat shows "
            "what else sets it)");
  }
}

// Does not warn about a container that has gone in the meantime.
void UnitRules::give_up(const UnitChange& change, const std::string& text) {
  bool there = false;
  for (const Rule& rule : change.rules) {
    const RuleKey key{change.cgroup, rule.device};
    refused_.insert(key);
    there = there || kernel_.read(key).has_value();
  }
  if (there && announced_.insert("given up").second)
    needs_.emit(service_event(Severity::warning, Action::degraded, text));
}

void UnitRules::announce(const std::string& text) {
  if (announced_.insert(text).second)
    needs_.emit(service_event(Severity::warning, Action::degraded, text));
}

bool UnitRules::is_known(std::string_view cgroup, Devnum device) const {
  const auto known = known_.find(cgroup);
  return known != known_.end() && known->second.contains(device);
}

void UnitRules::drop(const RuleKey& key) {
  const auto known = known_.find(key.cgroup);
  if (known == known_.end() || known->second.erase(key.device) == 0) return;
  if (known->second.empty()) known_.erase(known);
  needs_.note(key, false);
}

// The units of pods and containers end with their cgroups. systemd starts kubepods.slice by itself
// as soon as a pod exists, with all limits that were set for it.
void UnitRules::gone(const RuleKey& key) {
  if (kind_of(key.cgroup) != CgroupKind::kubepods) return drop(key);
  known_[key.cgroup][key.device].reset();
}

}  // namespace iopslimit
