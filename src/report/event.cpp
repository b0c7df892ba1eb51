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

std::string pod_of(const Report& report) {
  return report.pod_name.empty() ? "pod " + report.pod_uid
                                 : "pod " + report.pod_namespace + "/" + report.pod_name;
}

}  // namespace

Report news(Severity severity, Action action, std::string text) {
  Report report;
  report.severity = severity;
  report.action = action;
  report.text = std::move(text);
  return report;
}

Report about(const ContainerPath& path, const Record* record) {
  Report report;
  report.container_id = path.id;
  report.pod_uid = path.pod_uid;
  report.cgroup = path.cgroup;
  if (record != nullptr) {
    report.container_name = record->name;
    report.pod_name = record->pod;
    report.pod_namespace = record->pod_namespace;
  }
  return report;
}

std::string who(const Report& report) {
  if (report.container_id.empty()) return pod_of(report);
  if (report.container_name.empty()) return "container " + report.container_id;
  if (report.pod_name.empty()) return report.container_name + " (" + report.container_id + ")";
  return report.container_name + " of " + pod_of(report);
}

Report decided(Report about, const Decision& decision, const std::vector<Rule>& held,
               const Before& before) {
  if (held.empty()) {
    about.action = Action::exempted;
    about.text = "exempt: " + who(about) + was(before) + "; " + decision.reason;
    return about;
  }
  about.action = Action::limited;
  about.rules = held;
  about.text =
      "limited: " + who(about) + " to " + to_string(held) + was(before) + "; " + decision.reason;
  return about;
}

Report paused(Report about) {
  about.action = Action::paused;
  about.text = "paused: " + who(about) + " is not limited until the pause ends";
  return about;
}

Report resumed(Report about, const std::vector<Rule>& held) {
  about.action = Action::limited;
  about.rules = held;
  about.text = "resumed: " + who(about) +
               (held.empty() ? " has no limit without a pause either"
                             : " is limited to " + to_string(held) + " again");
  return about;
}

Report warning(Report about, const std::string& text) {
  about.severity = Severity::warning;
  about.action = Action::ignored;
  about.text = who(about) + ": " + text;
  return about;
}

Report not_limited(Report about, const std::vector<Rule>& missing, std::error_code error) {
  about.severity = Severity::error;
  about.action = Action::lost;
  about.text = "not limited: " + who(about);
  for (const Rule& rule : missing)
    about.text += (&rule == &missing.front() ? " on " : ", ") + to_string(rule.device);
  about.text += ": " + error.message() + " (" + about.cgroup + ")";
  return about;
}

Report repaired(Report about, const Rule& rule, const Limit& found) {
  about.severity = Severity::warning;
  about.action = Action::repaired;
  about.rules = {rule};
  about.text = "somebody changed the limit of " + about.cgroup + " on " + to_string(rule.device) +
               " to " + to_string(found) + "; put back to " + to_string(rule.limit);
  return about;
}

std::string labels_not_known() {
  return "a [policy] matches by label, but containerd writes no pod labels down: it matches none "
         "of containerd's containers; match by namespace, pod, container or image instead";
}

std::string to_string(const Counts& counts, LimitScope scope) {
  const std::string noun = scope == LimitScope::pod ? " pod" : " container";
  std::string text = std::to_string(counts.limited) + noun + (counts.limited == 1 ? "" : "s") +
                     " limited, " + std::to_string(counts.exempt) + " exempt";
  if (counts.failed != 0)
    text += ", " + std::to_string(counts.failed) + " NOT limited (see the journal)";
  return text;
}

}  // namespace iopslimit
