// SPDX-License-Identifier: Apache-2.0
#include "policy/explanation.hpp"

#include <utility>

#include "policy/policy.hpp"

namespace iopslimit {
namespace {

using Steps = std::vector<std::string>;

std::string or_none(const std::string& text) {
  return text.empty() ? "(none)" : text;
}

std::string described(const ContainerPath& path, const Record& record) {
  return "the runtime's record: container " + or_none(record.name) + ", image " +
         or_none(record.image) + ", pod " + or_none(record.pod) + ", namespace " +
         or_none(record.pod_namespace) + ", qos " + or_none(std::string(to_string(path.qos)));
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

void walk_policies(const Config& config, const ContainerPath& path, const Record& record,
                   Steps& steps) {
  bool found = false;
  for (const auto& [name, policy] : config.policies) {
    std::string step = "[policy " + name + "] (" + to_string(policy.origin) + "): ";
    if (found) {
      step += "not looked at, the first that matches counts";
    } else if (matches(policy, path, record)) {
      found = true;
      step += policy.exempt ? "matches, and exempts" : "matches";
    } else {
      step += "does not match: " + against(policy, path, record);
    }
    steps.push_back(std::move(step));
  }
  if (config.policies.empty()) steps.emplace_back("[policy]: there is none");
}

void add_result(const Config& config, const Decision& decision, Steps& steps) {
  const std::vector<DataMount> mounts = config.data_mounts();
  for (std::size_t at = 0; at < mounts.size() && at < decision.limits.size(); ++at)
    steps.push_back("limit on " + mounts[at].mount + ": " + to_string(decision.limits[at]) + " (" +
                    decision.reason + ")");
}

}  // namespace

std::vector<std::string> explain(const Config& config, const ContainerPath& path,
                                 const Record* record) {
  const Decision decision = decide(config, path, record);
  Steps steps;
  if (record == nullptr) {
    steps.emplace_back("the runtime's record: not readable (yet), so nothing can match or exempt");
  } else {
    steps.push_back(described(path, *record));
    if (record->sandbox) {
      steps.emplace_back("it is the pod's sandbox, which does no I/O: never limited");
      return steps;
    }
    if (const auto excluded = excluded_by(config, *record)) {
      steps.push_back(*excluded + ": exempt");
      return steps;
    }
    steps.emplace_back("[exclude]: no keyword and no namespace fits");
    walk_policies(config, path, *record, steps);
    if (decision.verdict != Verdict::exempt && record->annotations.empty())
      steps.emplace_back("[annotations]: the pod asks for nothing");
  }
  for (const std::string& warning : decision.warnings) steps.push_back(warning);
  add_result(config, decision, steps);
  return steps;
}

}  // namespace iopslimit
