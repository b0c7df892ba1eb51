// SPDX-License-Identifier: Apache-2.0
#include "report/event.hpp"

#include <utility>

namespace iopslimit {
namespace {

std::string was(const Before& before) {
  if (!before) return {};
  if (before->empty()) return " (was not limited)";
  return " (was " + (before->size() == 1 ? to_string(before->front().limit) : to_string(*before)) +
         ")";
}

std::string pod_of(const Event& event) {
  return event.pod_name.empty() ? "pod " + event.pod_uid
                                : "pod " + event.pod_namespace + "/" + event.pod_name;
}

}  // namespace

Event service_event(Severity severity, Action action, std::string text) {
  Event event;
  event.severity = severity;
  event.action = action;
  event.text = std::move(text);
  return event;
}

Event workload_event(const ContainerPath& path, const Record* record) {
  Event event;
  event.container_id = path.id;
  event.pod_uid = path.pod_uid;
  event.cgroup = path.cgroup;
  if (record != nullptr) {
    event.container_name = record->name;
    event.pod_name = record->pod;
    event.pod_namespace = record->pod_namespace;
  }
  return event;
}

std::string who(const Event& event) {
  if (event.container_id.empty()) return pod_of(event);
  if (event.container_name.empty()) return "container " + event.container_id;
  if (event.pod_name.empty()) return event.container_name + " (" + event.container_id + ")";
  return event.container_name + " of " + pod_of(event);
}

Event decided(Event event, const Decision& decision, const std::vector<Rule>& held,
              const Before& before) {
  if (held.empty()) {
    event.action = Action::exempted;
    event.text = "exempt: " + who(event) + was(before) + "; " + decision.reason;
    return event;
  }
  event.action = Action::limited;
  event.rules = held;
  event.text =
      "limited: " + who(event) + " to " + to_string(held) + was(before) + "; " + decision.reason;
  return event;
}

Event paused(Event event) {
  event.action = Action::paused;
  event.text = "paused: " + who(event) + " is not limited until the pause ends";
  return event;
}

Event resumed(Event event, const std::vector<Rule>& held) {
  event.action = Action::limited;
  event.rules = held;
  event.text = "resumed: " + who(event) +
               (held.empty() ? " has no limit without a pause either"
                             : " is limited to " + to_string(held) + " again");
  return event;
}

Event warning(Event event, const std::string& text) {
  event.severity = Severity::warning;
  event.action = Action::ignored;
  event.text = who(event) + ": " + text;
  return event;
}

Event unusable_record(Event event, const std::string& why) {
  return warning(std::move(event), "the runtime's record cannot be used: " + why +
                                       "; the strictest limit that could apply is in force");
}

Event not_limited(Event event, const std::vector<Rule>& missing, std::error_code error) {
  event.severity = Severity::error;
  event.action = Action::limit_failed;
  event.text = "not limited: " + who(event);
  for (const Rule& rule : missing)
    event.text += (&rule == &missing.front() ? " on " : ", ") + to_string(rule.device);
  event.text += ": " + error.message() + " (" + event.cgroup + ")";
  return event;
}

Event repaired(Event event, const Rule& rule, const Limit& found) {
  event.severity = Severity::warning;
  event.action = Action::repaired;
  event.rules = {rule};
  event.text = "another process changed the limit of " + event.cgroup + " on " +
               to_string(rule.device) + " to " + to_string(found) + "; restored to " +
               to_string(rule.limit);
  return event;
}

Event reloaded(std::size_t changed, std::size_t all) {
  return service_event(Severity::info, Action::reloaded,
                       "configuration reloaded: " + std::to_string(changed) + " of " +
                           std::to_string(all) + " containers changed");
}

std::string labels_not_known() {
  return "a [policy] matches by label, but containerd tells a pod's labels on its CRI socket only, "
         "and none is asked ([runtime] socket): it matches none of containerd's containers";
}

std::string to_string(const Counts& counts, LimitScope scope) {
  const std::string noun = scope == LimitScope::pod ? " pod" : " container";
  std::string text = std::to_string(counts.limited) + noun + (counts.limited == 1 ? "" : "s") +
                     " limited, " + std::to_string(counts.exempt) + " exempt";
  if (counts.failed != 0)
    text += ", " + std::to_string(counts.failed) + " NOT limited (see the journal)";
  if (counts.left_alone != 0)
    text += ", " + std::to_string(counts.left_alone) + " left alone (see the journal)";
  return text;
}

}  // namespace iopslimit
