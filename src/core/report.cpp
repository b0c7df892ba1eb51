// SPDX-License-Identifier: Apache-2.0
#include "core/report.hpp"

#include <utility>

namespace iopslimit {
namespace {

std::string was(const Before& before) {
  if (!before) return {};
  return before->empty() ? " (was not limited)" : " (was " + to_string(before->front().limit) + ")";
}

std::string pod_of(const Report& report) {
  return report.pod_name.empty() ? "pod " + report.pod_uid
                                 : "pod " + report.pod_namespace + "/" + report.pod_name;
}

}  // namespace

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
  const Rule& rule = held.front();
  about.action = Action::limited;
  about.device = rule.device;
  about.limit = rule.limit;
  about.text = "limited: " + who(about) + " to " + to_string(rule.limit) + " on " +
               to_string(rule.device) + was(before) + "; " + decision.reason;
  return about;
}

Report warning(Report about, const std::string& text) {
  about.severity = Severity::warning;
  about.text = who(about) + ": " + text;
  return about;
}

Report not_limited(Report about, std::error_code error) {
  about.severity = Severity::error;
  about.action = Action::lost;
  about.text = "not limited: " + who(about) + ": " + error.message() + " (" + about.cgroup + ")";
  return about;
}

Report repaired(Report about, const Rule& rule, const Limit& found) {
  about.severity = Severity::warning;
  about.action = Action::repaired;
  about.device = rule.device;
  about.limit = rule.limit;
  about.text = "somebody changed the limit of " + about.cgroup + " on " + to_string(rule.device) +
               " to " + to_string(found) + "; put back to " + to_string(rule.limit);
  return about;
}

std::string to_string(const Counts& counts, LimitScope scope) {
  std::string text = std::to_string(counts.limited) +
                     (scope == LimitScope::pod ? " pods" : " containers") + " limited, " +
                     std::to_string(counts.exempt) + " exempt";
  if (counts.failed != 0)
    text += ", " + std::to_string(counts.failed) + " NOT limited (see the journal)";
  return text;
}

}  // namespace iopslimit
