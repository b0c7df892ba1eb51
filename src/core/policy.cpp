// SPDX-License-Identifier: Apache-2.0
#include "core/policy.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "core/annotations.hpp"

namespace iopslimit {
namespace {

constexpr std::string_view label_key = "label.";

std::string_view label_of(const Record& record, std::string_view key) {
  const auto label = std::ranges::find(record.labels, key, &Record::Pairs::value_type::first);
  return label == record.labels.end() ? std::string_view() : label->second;
}

// What the glob of this key is held against.
std::string_view subject(std::string_view key, const ContainerPath& path, const Record& record) {
  if (key == "namespace") return record.pod_namespace;
  if (key == "pod") return record.pod;
  if (key == "container") return record.name;
  if (key == "image") return record.image;
  if (key == "qos") return to_string(path.qos);
  return label_of(record, key.substr(std::min(label_key.size(), key.size())));
}

Decision exempt(std::string reason) {
  Decision decision;
  decision.verdict = Verdict::exempt;
  decision.reason = std::move(reason);
  return decision;
}

// The pod's own wish on top of what the operator's sections say.
void follow_annotations(const Config& config, const NamedPolicy* policy, const Record& record,
                        Decision& decision) {
  if (record.annotations.empty()) return;
  PodWish wish = read_wish(config.annotation_prefixes, record.annotations);
  Granted granted = grant(config, policy, decision.limit, wish.keys);
  decision.limit = granted.limit;
  for (const std::string& asked : wish.asked) decision.reason += "; annotation " + asked;
  decision.reason += granted.clamps;
  decision.complaints = std::move(wish.complaints);
}

}  // namespace

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
      return config.where("[exclude] keywords") + ": '" + keyword + "' in " +
             std::string(name.first) + " '" + std::string(name.second) + "'";
    }
  }
  const auto& namespaces = config.exclude_namespaces;
  if (!record.pod_namespace.empty() &&
      std::ranges::find(namespaces, record.pod_namespace) != namespaces.end()) {
    return config.where("[exclude] namespaces") + ": '" + record.pod_namespace + "'";
  }
  return std::nullopt;
}

bool matches(const PolicySection& policy, const ContainerPath& path, const Record& record) {
  return std::ranges::all_of(policy.globs, [&](const auto& glob) {
    const std::string known(subject(glob.first, path, record));
    return !known.empty() && fnmatch(glob.second.c_str(), known.c_str(), 0) == 0;
  });
}

Decision decide(const Config& config, const ContainerPath& path, const Record* record) {
  Decision decision;
  if (record == nullptr) {
    decision.limit = config.limit;
    decision.reason = config.where("[limits]") + "; the runtime's record was not readable";
    return decision;
  }
  if (record->sandbox) {
    decision.verdict = Verdict::sandbox;
    decision.reason = "pod sandbox";
    return decision;
  }
  if (auto reason = excluded_by(config, *record)) return exempt(std::move(*reason));
  const auto policy = std::ranges::find_if(
      config.policies, [&](const NamedPolicy& one) { return matches(one.second, path, *record); });
  const bool found = policy != config.policies.end();
  decision.reason = config.where("[limits]");
  decision.limit = config.limit;
  if (found) {
    decision.reason = "[policy " + policy->first + "] (" + to_string(policy->second.origin) + ")";
    if (policy->second.exempt) return exempt(std::move(decision.reason));
    decision.limit = policy->second.limits.over(config.limit);
  }
  follow_annotations(config, found ? &*policy : nullptr, *record, decision);
  return decision;
}

RecordWish wished_for(const Config& config) {
  RecordWish wish;
  for (const auto& [name, policy] : config.policies) {
    for (const auto& [key, glob] : policy.globs) {
      if (!key.starts_with(label_key)) continue;
      std::string label = key.substr(label_key.size());
      if (std::ranges::find(wish.labels, label) == wish.labels.end())
        wish.labels.push_back(std::move(label));
    }
  }
  wish.annotation_prefixes = config.annotation_prefixes;
  return wish;
}

RecordAnswer of_pod(RecordAnswer record) {
  if (auto* good = std::get_if<Record>(&record)) {
    good->sandbox = false;
    good->name.clear();
    good->image.clear();
  }
  return record;
}

}  // namespace iopslimit
