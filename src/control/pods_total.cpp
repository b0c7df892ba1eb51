// SPDX-License-Identifier: Apache-2.0
#include "control/pods_total.hpp"

namespace iopslimit {

std::error_code PodsTotal::apply(const std::string& cgroup, const DataMounts& mounts) {
  const std::vector<Rule>& held = add(cgroup);
  const std::vector<Rule> before = held;
  const std::error_code error = set(cgroup, wanted(held, mounts));
  if (!error && held != before && !held.empty()) {
    events_.emit(service_event(Severity::info, Action::total,
                               "total for " + cgroup + ": " + to_string(held)));
  }
  activate(cgroup, mounts);
  return error;
}

void PodsTotal::apply_all(const DataMounts& mounts) {
  for (const std::string& cgroup : cgroups()) static_cast<void>(apply(cgroup, mounts));
}

std::vector<TotalView> PodsTotal::views() const {
  std::vector<TotalView> views;
  for (const std::string& cgroup : holders()) views.push_back({cgroup, held(cgroup)});
  return views;
}

void PodsTotal::clear() {
  cleared_ = true;
  for (const std::string& cgroup : cgroups()) static_cast<void>(set(cgroup, {}));
}

std::vector<Rule> PodsTotal::wanted(const std::vector<Rule>& held, const DataMounts& mounts) const {
  if (cleared_) return {};
  std::vector<Rule> rules;
  mounts.keep(held, rules);
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
