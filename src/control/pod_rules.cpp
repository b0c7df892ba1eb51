// SPDX-License-Identifier: Apache-2.0
#include "control/pod_rules.hpp"

#include <algorithm>
#include <optional>

#include "control/node.hpp"
#include "limit/combined_limit.hpp"

namespace iopslimit {
namespace {

// The processes of a pod are in its containers' cgroups or, with gVisor and Kata, all in its
// sandbox's: the larger of the two is enough for all of them.
Limit limit_of_pod(const std::string& pod, const Target& target, const Node& node) {
  const std::string inside = pod + "/";
  std::optional<Limit> containers;
  std::optional<Limit> sandboxes;
  for (const Workload* one = node.workloads.after(inside);
       one != nullptr && one->path.cgroup.str().starts_with(inside);
       one = node.workloads.after(one->path.cgroup)) {
    const Limit own = node.lifted(*one) ? Limit{} : target.limit(one->decision.limits);
    std::optional<Limit>& sum = one->decision.verdict == Verdict::sandbox ? sandboxes : containers;
    sum = sum ? together(*sum, own) : own;
  }
  if (!containers || !sandboxes) return containers.value_or(sandboxes.value_or(Limit{}));
  return laxer(*containers, *sandboxes);
}

// The pod is limited as a whole by `held`, or cannot be if there are none; or that is over. Its
// name is known to any of its containers.
Event pod_limited(const std::string& pod, const Node& node, const std::vector<Rule>& held,
                  bool contested) {
  const Workload* one = node.workloads.after(pod + "/");
  const bool inside = one != nullptr && pod_cgroup_of(one->path) == pod;
  Event event = workload_event(parse_cgroup(pod), inside ? one->names() : nullptr);
  event.container_name.clear();
  event.severity = contested ? Severity::warning : Severity::notice;
  event.action = Action::degraded;
  event.rules = held;
  const std::string whose = "limited as a whole: " + who(event);
  if (!contested) {
    event.text = "no longer " + whose;
  } else if (held.empty()) {
    event.text = "not " + whose +
                 ", although others keep changing a limit in it: one of its containers has no "
                 "limit, or somebody else has limited the pod";
  } else {
    event.text = whose + " to " + to_string(held) +
                 ", what its containers may do together, because others keep changing the limit "
                 "of one of them";
  }
  return event;
}

}  // namespace

void PodRules::update(const Node& node) {
  if (contested_.empty() && empty()) return;
  find_pods(node);
  for (const std::string& known : cgroups()) apply(known, node);
  for (const std::string& pod : pods_) {
    if (!knows(pod)) apply(pod, node);
  }
}

void PodRules::update_pod(std::string_view pod, const Node& node) {
  if (knows(pod)) apply(std::string(pod), node);
}

void PodRules::vanished(const std::string& cgroup, const Node& node) {
  if (empty() || forget(cgroup)) return;
  if (contested_.erase(cgroup) != 0) return update(node);
  update_pod(cgroup.substr(0, cgroup.rfind('/')), node);
}

void PodRules::hand_over() {
  orphan_all();
  pods_.clear();
}

// With scope = pod the pods are the workloads, and nothing above them belongs to one pod alone.
void PodRules::find_pods(const Node& node) {
  pods_.clear();
  if (!rules_.capabilities().hierarchical || node.config.scope == LimitScope::pod) return;
  for (const std::string& cgroup : contested_) {
    const Workload* workload = node.workloads.find(cgroup);
    const std::string_view pod = workload == nullptr ? "" : pod_cgroup_of(workload->path);
    if (!pod.empty()) pods_.emplace(pod);
  }
}

void PodRules::apply(const std::string& pod, const Node& node) {
  const bool contested = pods_.contains(pod);
  const bool is_new = !knows(pod);
  const std::vector<Rule> before = add(pod);
  const std::error_code error = set(pod, contested ? wanted(pod, node) : std::vector<Rule>());
  const std::vector<Rule>& now = held(pod);
  if (!error && (now != before || (is_new && now.empty())))
    events_.emit(pod_limited(pod, node, now, contested));
  if (!contested && now.empty()) forget(pod);
}

// Leaves a rule alone that somebody else has written.
std::vector<Rule> PodRules::wanted(const std::string& pod, const Node& node) const {
  std::vector<Rule> rules;
  if (node.cleared) return rules;
  const std::vector<Rule>& own = held(pod);
  node.mounts.keep(own, rules);
  for (const Target& target : node.targets()) {
    const Devnum device = target.device.devnum;
    const Limit limit = target.mounted ? limit_of_pod(pod, target, node) : Limit{};
    if (limit.unlimited()) continue;
    const bool is_own = std::ranges::find(own, device, &Rule::device) != own.end();
    const auto found = is_own ? std::nullopt : rules_.read({pod, device});
    if (!found || found->unlimited()) rules.push_back({device, limit});
  }
  return rules;
}

}  // namespace iopslimit
