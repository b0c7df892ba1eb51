// SPDX-License-Identifier: Apache-2.0
#include "control/pods_total.hpp"

#include <utility>

namespace iopslimit {

std::error_code PodsTotal::apply(const std::string& cgroup, const DataMounts& mounts) {
  const auto [entry, is_new] = trees_.try_emplace(cgroup);
  Tree& tree = entry->second;
  if (is_new) tree.held = rules_.adopt(cgroup);
  const std::vector<Rule> before = tree.held;
  const std::error_code error = rules_.set(cgroup, wanted(tree, mounts), tree.held);
  note_error(cgroup, tree, error);
  if (!error && tree.held != before && !tree.held.empty()) {
    events_.emit(service_event(Severity::info, Action::total,
                               "total for " + cgroup + ": " + to_string(tree.held)));
  }
  activate(cgroup, mounts);
  return error;
}

void PodsTotal::apply_all(const DataMounts& mounts) {
  for (const auto& entry : trees_) static_cast<void>(apply(entry.first, mounts));
}

bool PodsTotal::forget(std::string_view cgroup) {
  const auto tree = trees_.find(cgroup);
  if (tree == trees_.end()) return false;
  rules_.drop(tree->first, tree->second.held);
  trees_.erase(tree);
  return true;
}

void PodsTotal::revalidate(Devnum device) {
  for (auto& [cgroup, tree] : trees_) rules_.revalidate(cgroup, device, tree.held);
}

void PodsTotal::release_unless(const std::function<bool(const std::string&)>& shown) {
  std::erase_if(trees_, [&](const auto& tree) {
    if (shown(tree.first)) return false;
    rules_.release(tree.first, tree.second.held);
    return true;
  });
}

void PodsTotal::repair_all() {
  for (const auto& tree : trees_) static_cast<void>(repair(tree.first));
}

std::error_code PodsTotal::repair(const std::string& cgroup) {
  const auto tree = trees_.find(cgroup);
  if (tree == trees_.end()) return {};
  const std::error_code error =
      rules_.repair(cgroup, tree->second.held, [&](const Rule& rule, const Limit& found) {
        Event drift;
        drift.cgroup = cgroup;
        events_.emit(repaired(std::move(drift), rule, found));
      });
  if (error) note_error(cgroup, tree->second, error);
  return error;
}

void PodsTotal::note_error(const std::string& cgroup, Tree& tree, std::error_code error) {
  const bool announced = error == std::exchange(tree.last_error, error);
  if (!error || announced) return;
  events_.emit(service_event(Severity::error, Action::limit_failed,
                             "the total for " + cgroup + " is not in force: " + error.message()));
}

bool PodsTotal::holds(std::string_view cgroup) const {
  const auto tree = trees_.find(cgroup);
  return tree != trees_.end() && !tree->second.held.empty();
}

std::vector<std::string> PodsTotal::cgroups() const {
  std::vector<std::string> cgroups;
  for (const auto& tree : trees_) cgroups.push_back(tree.first);
  return cgroups;
}

std::vector<std::string> PodsTotal::holders() const {
  std::vector<std::string> cgroups;
  for (const auto& [cgroup, tree] : trees_) {
    if (!tree.held.empty()) cgroups.push_back(cgroup);
  }
  return cgroups;
}

void PodsTotal::each(const std::function<void(const std::string&, const Rule&)>& see) const {
  for (const auto& [cgroup, tree] : trees_) {
    for (const Rule& rule : tree.held) see(cgroup, rule);
  }
}

std::vector<TotalView> PodsTotal::views() const {
  std::vector<TotalView> views;
  for (const auto& [cgroup, tree] : trees_) {
    if (!tree.held.empty()) views.push_back({cgroup, tree.held});
  }
  return views;
}

void PodsTotal::clear() {
  cleared_ = true;
  for (auto& [cgroup, tree] : trees_) {
    const auto error = rules_.set(cgroup, {}, tree.held);
    if (error)
      events_.emit(
          service_event(Severity::error, Action::none,
                        "cannot remove the total from " + cgroup + ": " + error.message()));
  }
}

std::vector<Rule> PodsTotal::wanted(const Tree& tree, const DataMounts& mounts) const {
  if (cleared_) return {};
  std::vector<Rule> rules;
  mounts.keep(tree.held, rules);
  if (!rules_.capabilities().hierarchical) return rules;
  for (const Target& target : mounts.targets()) {
    if (target.mounted && target.total_iops != 0)
      rules.push_back({target.device.devnum, symmetric(target.total_iops)});
  }
  return rules;
}

// Since Linux 6.10 the first rule on a disk initialises its throttling, which stops its I/O for a
// moment (block/blk-throttle.c, blk_throtl_init()). This function causes that pause now, rather
// than later during a pod's I/O.
void PodsTotal::activate(const std::string& cgroup, const DataMounts& mounts) {
  for (const Target& target : mounts.targets()) {
    if (target.mounted && activated_.insert(target.device).second)
      rules_.prime({cgroup, target.device.devnum});
  }
}

}  // namespace iopslimit
