// SPDX-License-Identifier: Apache-2.0
#include "core/policy.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace iopslimit {

std::optional<std::string> excluded_by(const Config& config, const Record& record) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> names{
      {{"image", record.image},
       {"container", record.name},
       {"pod", record.pod},
       {"namespace", record.pod_namespace}}};
  for (const std::string& keyword : config.exclude_keywords) {
    if (keyword.empty()) continue;
    for (const auto& name : names) {
      if (name.second.find(keyword) == std::string_view::npos) continue;
      return "[exclude] keyword '" + keyword + "' in " + std::string(name.first) + " '" +
             std::string(name.second) + "'";
    }
  }
  const auto& namespaces = config.exclude_namespaces;
  if (!record.pod_namespace.empty() &&
      std::ranges::find(namespaces, record.pod_namespace) != namespaces.end()) {
    return "[exclude] namespace '" + record.pod_namespace + "'";
  }
  return std::nullopt;
}

Decision decide(const Config& config, const Record* record) {
  if (record == nullptr) {
    return {.limit = config.limit, .reason = "[limits]; the runtime's record was not readable"};
  }
  if (record->sandbox) return {.verdict = Verdict::sandbox, .limit = {}, .reason = "pod sandbox"};
  if (auto reason = excluded_by(config, *record)) {
    return {.verdict = Verdict::exempt, .limit = {}, .reason = std::move(*reason)};
  }
  return {.limit = config.limit, .reason = "[limits]"};
}

}  // namespace iopslimit
