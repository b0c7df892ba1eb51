// SPDX-License-Identifier: Apache-2.0
#include "control/pods_total.hpp"

#include <utility>

namespace iopslimit {

std::error_code KubepodsRules::apply(const std::string& cgroup, const DataMounts& mounts) {
  const auto [entry, is_new] = trees_.try_emplace(cgroup);
  Tree& tree = entry->second;
  if (is_new) tree.held = rules_.adopt(cgroup);
  const std::vector<Rule> before = tree.held;
  const std::error_code error = rules_.write(cgroup, wanted(tree, mounts), tree.held);
  note_error(cgroup, tree, error);
  if (!error && tree.held != before && !tree.held.empty()) {
    tell_(news(Severity::info, Action::total, "total for " + cgroup + ": " + to_string(tree.held)));
  }
  activate(cgroup, mounts);
  return error;
}

void KubepodsRules::apply_all(const DataMounts& mounts) {
  for (const auto& entry : trees_) static_cast<void>(apply(entry.first, mounts));
}

bool KubepodsRules::forget(std::string_view cgroup) {
  const auto tree = trees_.find(cgroup);
  if (tree == trees_.end()) return false;
  rules_.forget(tree->first, tree->second.held);
  trees_.erase(tree);
  return true;
}

void KubepodsRules::recheck(Devnum device) {
  for (auto& [cgroup, tree] : trees_) rules_.recheck(cgroup, device, tree.held);
}

void KubepodsRules::release_unless(const std::function<bool(const std::string&)>& shown) {
  std::erase_if(trees_, [&](const auto& tree) {
    if (shown(tree.first)) return false;
    rules_.release(tree.first, tree.second.held);
    return true;
  });
}

void KubepodsRules::repair_all() {
  for (const auto& tree : trees_) static_cast<void>(repair(tree.first));
}

std::error_code KubepodsRules::repair(const std::string& cgroup) {
  const auto tree = trees_.find(cgroup);
  if (tree == trees_.end()) return {};
  const std::error_code error =
      rules_.repair(cgroup, tree->second.held, [&](const Rule& rule, const Limit& found) {
        Report drift;
        drift.cgroup = cgroup;
        tell_(repaired(std::move(drift), rule, found));
      });
  if (error) note_error(cgroup, tree->second, error);
  return error;
}

void KubepodsRules::note_error(const std::string& cgroup, Tree& tree, std::error_code error) {
  const bool said = error == std::exchange(tree.last_error, error);
  if (!error || said) return;
  tell_(news(Severity::error, Action::lost,
             "the total for " + cgroup + " is not in force: " + error.message()));
}

bool KubepodsRules::holds(std::string_view cgroup) const {
  const auto tree = trees_.find(cgroup);
  return tree != trees_.end() && !tree->second.held.empty();
}

std::vector<std::string> KubepodsRules::holders() const {
  std::vector<std::string> cgroups;
  for (const auto& [cgroup, tree] : trees_) {
    if (!tree.held.empty()) cgroups.push_back(cgroup);
  }
  return cgroups;
}

void KubepodsRules::each(const std::function<void(const std::string&, const Rule&)>& see) const {
  for (const auto& [cgroup, tree] : trees_) {
    for (const Rule& rule : tree.held) see(cgroup, rule);
  }
}

std::vector<TotalView> KubepodsRules::views() const {
  std::vector<TotalView> views;
  for (const auto& [cgroup, tree] : trees_) {
    if (!tree.held.empty()) views.push_back({cgroup, tree.held});
  }
  return views;
}

void KubepodsRules::clear() {
  cleared_ = true;
  for (auto& [cgroup, tree] : trees_) {
    const auto error = rules_.write(cgroup, {}, tree.held);
    if (error)
      tell_(news(Severity::error, Action::none,
                 "cannot remove the total from " + cgroup + ": " + error.message()));
  }
}

std::vector<Rule> KubepodsRules::wanted(const Tree& tree, const DataMounts& mounts) const {
  if (cleared_) return {};
  std::vector<Rule> rules = mounts.kept(tree.held);
  for (const Target& target : mounts.targets()) {
    if (version_ == CgroupVersion::v2 && target.mounted && target.total_iops != 0)
      rules.push_back({target.device.devnum, each_way(target.total_iops)});
  }
  return rules;
}

// From Linux 6.10 on a disk's throttling begins with the first rule on it, which stops its I/O for
// a moment (block/blk-throttle.c, blk_throtl_init()). That moment is now, not under a pod's I/O.
void KubepodsRules::activate(const std::string& cgroup, const DataMounts& mounts) {
  for (const Target& target : mounts.targets()) {
    if (target.mounted && activated_.insert(target.device).second)
      rules_.touch({cgroup, target.device.devnum});
  }
}

}  // namespace iopslimit
