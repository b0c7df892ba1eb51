// SPDX-License-Identifier: Apache-2.0
// Limits a pod as a whole while others keep changing the limit of a container in it.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "control/cgroup_rules.hpp"
#include "limit/rule.hpp"
#include "limit/rule_store.hpp"
#include "report/event_sink.hpp"

namespace iopslimit {

struct Node;

/// A container that can write to its own cgroup's files lifts its limit again and again. In a
/// cgroup namespace of its own it does not reach those of its pod (cgroup_namespaces(7)), and where
/// a rule holds for the cgroups below, one on the pod holds for the container. It is what all in
/// the pod may do together, so that nobody in it has less than its own limit. There is none while
/// somebody in the pod is unlimited.
class PodRules : public CgroupRules {
 public:
  PodRules(RuleStore& rules, EventSink& events)
      : CgroupRules(rules, events, "the limit of the pod"), rules_(rules), events_(events) {}

  /// The cgroups whose rules others change again and again; what is no container has no effect.
  void set_contested(std::set<std::string> cgroups) { contested_ = std::move(cgroups); }
  /// Puts in force what follows from the node.
  void update(const Node& node);
  /// The same for one pod, in which something has come or gone.
  void update_pod(std::string_view pod, const Node& node);
  /// A cgroup was removed.
  void vanished(const std::string& cgroup, const Node& node);
  /// The pods become workloads, which adopt the rules.
  void hand_over();

 private:
  void find_pods(const Node& node);
  void apply(const std::string& pod, const Node& node);
  std::vector<Rule> wanted(const std::string& pod, const Node& node) const;

  RuleStore& rules_;
  EventSink& events_;
  std::set<std::string> contested_;
  std::set<std::string> pods_;  // that a contested container is in
};

}  // namespace iopslimit
