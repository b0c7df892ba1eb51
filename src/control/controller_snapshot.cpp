// SPDX-License-Identifier: Apache-2.0
// The daemon's answers to an operator, and what holds a rule.
#include <utility>

#include "control/controller.hpp"
#include "control/workload_view.hpp"
#include "policy/explanation.hpp"

namespace iopslimit {

void Daemon::on_pauses(Pauses pauses) {
  word();
  const Pauses before = std::exchange(pauses_, std::move(pauses));
  for (const auto& entry : carriers_) {
    Carrier& carrier = *entry.second;
    const bool was_paused = before.until(carrier.path).has_value();
    if (was_paused == pauses_.until(carrier.path).has_value()) continue;
    const bool in_force = apply(carrier);
    if (carrier.decision.verdict != Verdict::limited || !in_force) continue;
    tell(was_paused ? resumed(about(carrier.path, carrier.names()), carrier.held)
                    : paused(about(carrier.path, carrier.names())));
  }
}

bool Daemon::holds(std::string_view cgroup) const {
  const auto carrier = carriers_.find(cgroup);
  return kubepods_.holds(cgroup) || (carrier != carriers_.end() && !carrier->second->held.empty());
}

std::vector<std::string> Daemon::holders() const {
  std::vector<std::string> cgroups = kubepods_.holders();
  for (const auto& entry : carriers_) {
    if (!entry.second->held.empty()) cgroups.push_back(entry.second->path.cgroup);
  }
  return cgroups;
}

std::string Daemon::status() const {
  return mounts_.status() + "; " + to_string(counts_, config_.scope);
}

Overview Daemon::overview() const {
  Overview overview;
  overview.hierarchy = version_;
  overview.scope = config_.scope;
  overview.dry_run = config_.dry_run;
  overview.cleared = cleared_;
  overview.writes = rules_.writes();
  overview.devices = mounts_.views();
  overview.totals = kubepods_.views();
  for (const auto& entry : carriers_)
    overview.containers.push_back(view_of(*entry.second, pauses_));
  add_up(overview);
  return overview;
}

void Daemon::each_rule(const SeeRule& see, bool carriers) const {
  kubepods_.each([&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, true); });
  if (carriers) {
    for (const auto& [cgroup, carrier] : carriers_)
      for (const Rule& rule : carrier->held) see(carrier->path.cgroup, rule, false);
  }
  rules_.each_left(
      [&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, false); });
}

std::vector<std::string> Daemon::explain(const std::string& cgroup) const {
  const auto found = carriers_.find(cgroup);
  if (found == carriers_.end()) return {};
  return iopslimit::explain(config_, found->second->path, found->second->names());
}

}  // namespace iopslimit
