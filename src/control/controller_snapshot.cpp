// SPDX-License-Identifier: Apache-2.0
// The controller's answers to an operator, and the list of rules in force.
#include <utility>

#include "control/controller.hpp"
#include "control/workload_view.hpp"
#include "policy/explanation.hpp"

namespace iopslimit {

void Controller::on_pauses(Pauses pauses) {
  ++revision_;
  word();
  const Pauses before = std::exchange(pauses_, std::move(pauses));
  for (const auto& entry : workloads_) {
    Workload& workload = *entry.second;
    const bool was_paused = before.until(workload.path).has_value();
    if (was_paused == pauses_.until(workload.path).has_value()) continue;
    const bool in_force = apply(workload);
    if (workload.decision.verdict != Verdict::limited || !in_force) continue;
    emit(was_paused ? resumed(workload_event(workload.path, workload.names()), workload.held)
                    : paused(workload_event(workload.path, workload.names())));
  }
}

bool Controller::holds(std::string_view cgroup) const {
  const auto workload = workloads_.find(cgroup);
  return pods_total_.holds(cgroup) ||
         (workload != workloads_.end() && !workload->second->held.empty());
}

std::vector<std::string> Controller::holders() const {
  std::vector<std::string> cgroups = pods_total_.holders();
  for (const auto& entry : workloads_) {
    if (!entry.second->held.empty()) cgroups.push_back(entry.second->path.cgroup);
  }
  return cgroups;
}

std::string Controller::status() const {
  return mounts_.status() + "; " + to_string(counts_, config_.scope);
}

Snapshot Controller::snapshot() const {
  Snapshot snapshot;
  snapshot.hierarchy = version_;
  snapshot.scope = config_.scope;
  snapshot.dry_run = config_.dry_run;
  snapshot.cleared = cleared_;
  snapshot.writes = rules_.writes();
  snapshot.devices = mounts_.views();
  snapshot.totals = pods_total_.views();
  for (const auto& entry : workloads_)
    snapshot.containers.push_back(view_of(*entry.second, pauses_));
  add_up(snapshot);
  return snapshot;
}

void Controller::each_rule(const SeeRule& see, bool workloads) const {
  pods_total_.each(
      [&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, true); });
  if (workloads) {
    for (const auto& [cgroup, workload] : workloads_)
      for (const Rule& rule : workload->held) see(workload->path.cgroup, rule, false);
  }
  rules_.each_orphan(
      [&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, false); });
}

std::vector<std::string> Controller::explain(const std::string& cgroup) const {
  const auto found = workloads_.find(cgroup);
  if (found == workloads_.end()) return {};
  return iopslimit::explain(config_, found->second->path, found->second->names());
}

}  // namespace iopslimit
