// SPDX-License-Identifier: Apache-2.0
#include "control/node.hpp"

#include <utility>

#include "control/workload_view.hpp"
#include "policy/explanation.hpp"

namespace iopslimit {

Node::Node(LimitBackend& backend, Config configuration, std::vector<RuleKey> ours,
           RuleStore::Unverified unverified, EventSink& events)
    : config(std::move(configuration)),
      mounts(config),
      rules(backend, std::move(ours), std::move(unverified)),
      totals(rules, events),
      left_alone(events) {}

bool Node::by_pod(const ContainerPath& path) const {
  return config.scope == LimitScope::pod && !path.id.empty() && !pod_cgroup_of(path).empty();
}

const Workload* Node::workload_of(std::string_view cgroup) const {
  const Workload* workload = workloads.find(cgroup);
  if (workload != nullptr || config.scope != LimitScope::pod) return workload;
  return workloads.find(cgroup.substr(0, cgroup.rfind('/')));
}

bool Node::knows(std::string_view cgroup) const {
  return workload_of(cgroup) != nullptr || totals.knows(cgroup);
}

bool Node::has_leaf(const ContainerPath& scope) const {
  return !rules.capabilities().hierarchical && scope.leaf == ProcessLeaf::possible &&
         workloads.find(process_leaf_of(scope)) != nullptr;
}

bool Node::has_record(std::string_view cgroup) const {
  const Workload* workload = workload_of(cgroup);
  return workload != nullptr && workload->has_whole_record();
}

bool Node::holds(std::string_view cgroup) const {
  const Workload* workload = workloads.find(cgroup);
  return totals.holds(cgroup) || (workload != nullptr && !workload->held.empty());
}

std::vector<std::string> Node::holders() const {
  std::vector<std::string> cgroups = totals.holders();
  for (const auto& workload : workloads) {
    if (!workload->held.empty()) cgroups.push_back(workload->path.cgroup);
  }
  return cgroups;
}

void Node::each_rule(const SeeRule& see, bool with_workloads) const {
  totals.each([&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, true); });
  if (with_workloads) {
    for (const auto& workload : workloads)
      for (const Rule& rule : workload->held) see(workload->path.cgroup, rule, false);
  }
  rules.each_orphan(
      [&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, false); });
}

void Node::note_left_alone(const Listing& listing) {
  if (listing.whole) left_alone.clear();
  for (const ContainerPath& path : listing.unfamiliar) left_alone.add(path);
  for (const auto& [container, stray] : listing.strays) {
    if (holds(container.cgroup)) left_alone.add_child(container, stray);
  }
}

std::string Node::status() const {
  Counts counts;
  for (const auto& workload : workloads) counts += workload->counts();
  counts.left_alone = static_cast<std::uint32_t>(left_alone.size());
  return mounts.status() + "; " + to_string(counts, config.scope);
}

Snapshot Node::head() const {
  Snapshot snapshot;
  snapshot.cgroup_version = rules.capabilities().cgroup_version;
  snapshot.scope = config.scope;
  snapshot.dry_run = config.dry_run;
  snapshot.cleared = cleared;
  snapshot.writes = rules.writes();
  snapshot.devices = mounts.views();
  snapshot.totals = totals.views();
  snapshot.left_alone = left_alone.size();
  for (const auto& workload : workloads) {
    if (workload->decision.verdict != Verdict::limited || workload->superseded) continue;
    add_up(workload->held, snapshot.devices);
  }
  return snapshot;
}

Snapshot Node::snapshot() const {
  Snapshot snapshot = head();
  for (const auto& workload : workloads) {
    if (!workload->superseded) snapshot.containers.push_back(view_of(*workload, pauses));
  }
  return snapshot;
}

std::vector<WorkloadView> Node::views_after(std::string_view cgroup, std::size_t most) const {
  std::vector<WorkloadView> views;
  for (const Workload* next = workloads.after(cgroup); next != nullptr && views.size() < most;
       next = workloads.after(next->path.cgroup)) {
    if (!next->superseded) views.push_back(view_of(*next, pauses));
  }
  return views;
}

Summary Node::summary() const {
  Summary summary{.snapshot = head()};
  for (const auto& workload : workloads) {
    if (!workload->superseded)
      ++summary.counts[static_cast<std::size_t>(state_of(*workload, pauses))];
  }
  return summary;
}

std::vector<std::string> Node::explain(std::string_view cgroup) const {
  const Workload* workload = workloads.find(cgroup);
  if (workload == nullptr) return {};
  return iopslimit::explain(config, workload->path, workload->record);
}

}  // namespace iopslimit
