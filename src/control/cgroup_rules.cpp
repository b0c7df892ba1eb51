// SPDX-License-Identifier: Apache-2.0
#include "control/cgroup_rules.hpp"

#include <utility>

namespace iopslimit {
namespace {

constexpr const char* not_in_force = "is not in force";

}  // namespace

const std::vector<Rule>& CgroupRules::add(const std::string& cgroup) {
  const auto [entry, is_new] = known_.try_emplace(cgroup);
  if (is_new) entry->second.held = rules_.adopt(cgroup);
  return entry->second.held;
}

std::error_code CgroupRules::set(const std::string& cgroup, const std::vector<Rule>& wanted) {
  const auto known = known_.find(cgroup);
  if (known == known_.end()) return {};
  const std::error_code error = rules_.set(cgroup, wanted, known->second.held);
  note_error(cgroup, known->second, error, wanted.empty() ? "cannot be removed" : not_in_force);
  return error;
}

bool CgroupRules::forget(std::string_view cgroup) {
  const auto known = known_.find(cgroup);
  if (known == known_.end()) return false;
  rules_.drop(known->first, known->second.held);
  known_.erase(known);
  return true;
}

void CgroupRules::orphan_all() {
  for (const auto& [cgroup, known] : known_) rules_.orphan(cgroup, known.held);
  known_.clear();
}

void CgroupRules::revalidate(Devnum device) {
  for (auto& [cgroup, known] : known_) rules_.revalidate(cgroup, device, known.held);
}

void CgroupRules::release_unless(const std::function<bool(const std::string&)>& stays) {
  std::erase_if(known_, [&](const auto& known) {
    if (stays(known.first)) return false;
    rules_.release(known.first, known.second.held);
    return true;
  });
}

void CgroupRules::repair_all() {
  for (const auto& known : known_) static_cast<void>(repair(known.first));
}

std::error_code CgroupRules::repair(const std::string& cgroup, Reading reading) {
  const auto known = known_.find(cgroup);
  if (known == known_.end()) return {};
  const auto changed = [&](const Rule& rule, const Limit& found) {
    Event drift;
    drift.cgroup = cgroup;
    events_.emit(repaired(std::move(drift), rule, found));
  };
  const std::error_code error = rules_.repair(cgroup, known->second.held, changed, reading);
  if (error) note_error(cgroup, known->second, error, not_in_force);
  return error;
}

void CgroupRules::each(const std::function<void(const std::string&, const Rule&)>& see) const {
  for (const auto& [cgroup, known] : known_) {
    for (const Rule& rule : known.held) see(cgroup, rule);
  }
}

const std::vector<Rule>& CgroupRules::held(std::string_view cgroup) const {
  static const std::vector<Rule> none;
  const auto known = known_.find(cgroup);
  return known == known_.end() ? none : known->second.held;
}

std::vector<std::string> CgroupRules::cgroups() const {
  std::vector<std::string> cgroups;
  for (const auto& known : known_) cgroups.push_back(known.first);
  return cgroups;
}

std::vector<std::string> CgroupRules::holders() const {
  std::vector<std::string> cgroups;
  for (const auto& [cgroup, known] : known_) {
    if (!known.held.empty()) cgroups.push_back(cgroup);
  }
  return cgroups;
}

void CgroupRules::note_error(const std::string& cgroup, Known& known, std::error_code error,
                             const char* so) {
  const bool announced = error == std::exchange(known.last_error, error);
  if (!error || announced) return;
  events_.emit(service_event(Severity::error, Action::limit_failed,
                             what_ + " " + cgroup + " " + so + ": " + error.message()));
}

}  // namespace iopslimit
