// SPDX-License-Identifier: Apache-2.0
#include "policy/explanation.hpp"

#include <utility>

#include "policy/policy.hpp"

namespace iopslimit {
namespace {

std::string or_none(const std::string& text) {
  return text.empty() ? "(none)" : text;
}

// The globs that do not match, each checked by itself.
std::string against(const PolicySection& policy, const ContainerPath& path, const Record& record) {
  std::string text;
  for (const auto& glob : policy.globs) {
    PolicySection alone;
    alone.globs.insert(glob);
    if (matches(alone, path, record)) continue;
    text += (text.empty() ? "" : ", ") + glob.first + " = " + glob.second;
  }
  return text;
}

}  // namespace

std::string_view origin_of_labels(const Record& record) {
  return record.from_socket ? "runtime's socket" : "runtime's record";
}

std::string step_of_record(const ContainerPath& path, const Record* record) {
  if (record == nullptr)
    return "the runtime's record: not readable (yet), so nothing can match or exempt";
  return "the runtime's record: container " + or_none(record->name) + ", image " +
         or_none(record->image) + ", pod " + or_none(record->pod) + ", namespace " +
         or_none(record->pod_namespace) + ", qos " + or_none(std::string(to_string(path.qos))) +
         (record->from_socket ? "; labels and annotations are from the runtime's socket" : "");
}

std::string step_of_unusable_record(const BadRecord* bad) {
  const std::string start = "the runtime's record: ";
  return (bad == nullptr ? start + "large, and not read yet"
                         : start + "cannot be used: " + bad->why) +
         "; the strictest limit that could apply is taken, and nothing exempts";
}

std::string name_of(const NamedPolicy& policy) {
  return "[policy " + policy.first + "] (" + to_string(policy.second.origin) + ")";
}

std::string step_of_possible_policy(const NamedPolicy& policy, bool could) {
  if (!could) return name_of(policy) + ": cannot match";
  return name_of(policy) + (policy.second.exempt
                                ? ": could match, but exempts nothing that is not certain"
                                : ": could match, so its limit counts where it is the strictest");
}

std::string step_of_policy(const NamedPolicy& policy, const ContainerPath& path,
                           const Record& record, bool tried, bool matched) {
  const PolicySection& section = policy.second;
  const std::string start = name_of(policy) + ": ";
  if (!tried) return start + "not checked, because the first that matches counts";
  if (!matched) return start + "does not match: " + against(section, path, record);
  return start + (section.exempt ? "matches, and exempts" : "matches");
}

std::vector<std::string> explain(const Config& config, const ContainerPath& path,
                                 const RecordAnswer& record) {
  Trace steps;
  const Decision decision = decide(config, path, record, &steps);
  steps.insert(steps.end(), decision.warnings.begin(), decision.warnings.end());
  const std::vector<DataMount> mounts = config.data_mounts();
  for (std::size_t at = 0; at < mounts.size() && at < decision.limits.size(); ++at)
    steps.push_back("limit on " + mounts[at].mount + ": " + to_string(decision.limits[at]) + " (" +
                    decision.reason + ")");
  return steps;
}

}  // namespace iopslimit
