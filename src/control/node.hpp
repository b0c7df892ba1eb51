// SPDX-License-Identifier: Apache-2.0
// Everything that the service knows about the node. Only the controller changes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/snapshot.hpp"
#include "config/config.hpp"
#include "control/data_mounts.hpp"
#include "control/left_alone.hpp"
#include "control/listing.hpp"
#include "control/pod_rules.hpp"
#include "control/pods_total.hpp"
#include "control/workload_table.hpp"
#include "limit/rule_store.hpp"
#include "policy/pauses.hpp"

namespace iopslimit {

struct Node {
  /// `ours`: the rules that an earlier run wrote (limit/ownership_log).
  Node(LimitBackend& backend, Config configuration, std::vector<RuleKey> ours,
       RuleStore::Unverified unverified, EventSink& events);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node() = default;

  Config config;
  DataMounts mounts;
  RuleStore rules;
  PodsTotal totals;
  PodRules pod_rules;
  WorkloadTable workloads;
  LeftAlone left_alone;
  Pauses pauses;
  bool cleared = false;        ///< an operator has removed every limit
  std::uint64_t revision = 0;  ///< changes whenever the result of snapshot() may have changed

  /// The devices that carry rules.
  const Targets& targets() const { return mounts.targets(); }
  /// With scope = pod the containers of a pod have no rules of their own.
  bool by_pod(const ContainerPath& path) const;
  /// An operator has removed or paused the limit.
  bool lifted(const Workload& workload) const { return cleared || pauses.until(workload.path); }

  /// True for a directory that has appeared and not vanished; with scope = pod a container is known
  /// if its pod is.
  bool knows(std::string_view cgroup) const;
  /// True if the container's processes are in a child that is known and has rules of its own: where
  /// rules do not hold for the cgroups below.
  bool has_leaf(const ContainerPath& scope) const;
  /// True if a container is known and its record was read in full: reading it again adds nothing.
  bool has_record(std::string_view cgroup) const;
  /// The record of a known container, or with scope = pod that of its pod; null without one.
  const Record* record_of(std::string_view cgroup) const;
  /// True if the service has a rule in force on the cgroup.
  bool holds(std::string_view cgroup) const { return !holder(cgroup).empty(); }
  /// The same, as a path that shares its text with the workload; empty if it holds none.
  SharedText holder(std::string_view cgroup) const;
  /// Every cgroup on which the service has a rule in force.
  std::vector<std::string> holders() const;
  /// The configured limit of a workload where it has this rule in force. While a disk is shared the
  /// two differ.
  Limit configured(const Workload& workload, const Rule& held) const;
  /// Passes every rule of the service that is in force to `see`, that of a workload with its
  /// configured limit; `total` is true for the total of all pods. With `with_workloads = false`:
  /// totals and orphans only.
  using SeeRule = std::function<void(const std::string& cgroup, const Rule& rule, bool total)>;
  void each_rule(const SeeRule& see, bool with_workloads = true) const;

  /// Replaces the cgroups that are left alone by those of a listing. An incomplete one only adds.
  void note_left_alone(const Listing& listing);

  /// One line for `systemctl status`: the disk and the counts.
  std::string status() const;
  /// The fields of the service itself stay unset. The end of a pause is on the clock of Pauses.
  Snapshot snapshot() const;
  /// The containers of the snapshot after this cgroup, in its order, at most so many.
  std::vector<WorkloadView> views_after(std::string_view cgroup, std::size_t most) const;
  /// As summary_of(snapshot()), without a list of all containers on the way.
  Summary summary() const;
  /// See policy/explanation. Empty for an unknown cgroup.
  std::vector<std::string> explain(std::string_view cgroup) const;

 private:
  Snapshot head() const;
  WorkloadView view(const Workload& workload) const;
  std::vector<Rule> configured_rules(const Workload& workload) const;
  const Workload* workload_of(std::string_view cgroup) const;
};

}  // namespace iopslimit
