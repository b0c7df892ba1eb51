// SPDX-License-Identifier: Apache-2.0
#include "control/node.hpp"

#include <algorithm>
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
      pod_rules(rules, events),
      left_alone(events) {}

bool Node::by_pod(const ContainerPath& path) const {
  return limited_by_pod(config.scope, path);
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

const Record* Node::record_of(std::string_view cgroup) const {
  const Workload* workload = workload_of(cgroup);
  return workload == nullptr ? nullptr : workload->names();
}

SharedText Node::holder(std::string_view cgroup) const {
  const Workload* workload = workloads.find(cgroup);
  if (workload != nullptr && !workload->held.empty()) return workload->path.cgroup;
  return totals.holds(cgroup) || pod_rules.holds(cgroup) ? SharedText(cgroup) : SharedText();
}

std::vector<std::string> Node::holders() const {
  std::vector<std::string> cgroups = totals.holders();
  for (std::string& pod : pod_rules.holders()) cgroups.push_back(std::move(pod));
  for (const auto& workload : workloads) {
    if (!workload->held.empty()) cgroups.push_back(workload->path.cgroup);
  }
  return cgroups;
}

// Where the kernel cannot hold the total, a fixed part of it may be what is in force: that is not
// known here, and systemd has no such limits.
Limit Node::configured(const Workload& workload, const Rule& held) const {
  const auto target = std::ranges::find(targets(), held.device,
                                        [](const Target& one) { return one.device.devnum; });
  if (workload.decision.limits.empty() || target == targets().end() || !target->mounted)
    return held.limit;
  return target->is_shared() || rules.capabilities().hierarchical
             ? target->limit(workload.decision.limits)
             : held.limit;
}

void Node::each_rule(const SeeRule& see, bool with_workloads) const {
  totals.each([&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, true); });
  if (with_workloads) {
    for (const auto& workload : workloads)
      for (const Rule& rule : workload->held) {
        const Limit limit = configured(*workload, rule);
        if (!limit.unlimited()) see(workload->path.cgroup, {rule.device, limit}, false);
      }
  }
  rules.each_orphan(
      [&see](const std::string& cgroup, const Rule& rule) { see(cgroup, rule, false); });
}

void Node::note_left_alone(const Listing& listing) {
  if (listing.whole) left_alone.clear();
  for (const ContainerPath& path : listing.unfamiliar) left_alone.add(path);
  if (!listing.users_container.empty()) left_alone.add_users_container(listing.users_container);
  for (const auto& [container, stray] : listing.strays) {
    if (holds(container.cgroup)) left_alone.add_child(container, stray);
  }
}

std::string Node::status() const {
  Counts counts;
  for (const auto& workload : workloads) counts += workload->counts();
  counts.left_alone = static_cast<std::uint32_t>(left_alone.size());
  const std::size_t pods = pod_rules.holders().size();
  return mounts.status() + "; " + to_string(counts, config.scope) +
         (pods == 0 ? ""
                    : ", " + std::to_string(pods) + (pods == 1 ? " pod" : " pods") +
                          " limited as a whole (see the journal)");
}

std::vector<Rule> Node::configured_rules(const Workload& workload) const {
  std::vector<Rule> all;
  for (const Rule& rule : workload.held) all.push_back({rule.device, configured(workload, rule)});
  return all;
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
    for (const Rule& rule : workload->held)
      add_difference(rule, configured(*workload, rule), snapshot.devices);
  }
  return snapshot;
}

WorkloadView Node::view(const Workload& workload) const {
  WorkloadView view = view_of(workload, pauses);
  std::vector<Rule> rules_configured = configured_rules(workload);
  if (rules_configured != workload.held) view.configured = std::move(rules_configured);
  return view;
}

Snapshot Node::snapshot() const {
  Snapshot snapshot = head();
  for (const auto& workload : workloads) {
    if (!workload->superseded) snapshot.containers.push_back(view(*workload));
  }
  return snapshot;
}

std::vector<WorkloadView> Node::views_after(std::string_view cgroup, std::size_t most) const {
  std::vector<WorkloadView> views;
  for (const Workload* next = workloads.after(cgroup); next != nullptr && views.size() < most;
       next = workloads.after(next->path.cgroup)) {
    if (!next->superseded) views.push_back(view(*next));
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
  std::vector<std::string> steps = iopslimit::explain(config, workload->path, workload->record);
  const std::vector<Rule>& whole = pod_rules.held(pod_cgroup_of(workload->path));
  if (!whole.empty())
    steps.push_back("others keep changing a limit in the pod: as a whole it is limited to " +
                    to_string(whole) + " until they have not for a minute");
  return steps;
}

}  // namespace iopslimit
