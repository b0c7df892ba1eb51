// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "policy/annotations.hpp"
#include "policy/explanation.hpp"

namespace iopslimit {
namespace {

constexpr std::string_view label_key = "label.";

std::string_view label_of(const Record& record, std::string_view key) {
  const auto label = std::ranges::find(record.labels, key, &Record::Pairs::value_type::first);
  return label == record.labels.end() ? std::string_view() : label->second;
}

// The value that the glob of this key is matched against.
std::string_view subject(std::string_view key, const ContainerPath& path, const Record& record) {
  if (key == "namespace") return record.pod_namespace;
  if (key == "pod") return record.pod;
  if (key == "container") return record.name;
  if (key == "image") return record.image;
  if (key == "qos") return to_string(path.qos);
  return label_of(record, key.substr(std::min(label_key.size(), key.size())));
}

// The limit on each data mount: from the policy, else from the section of the mount, else from
// [limits].
std::vector<Limit> limits_of(const Config& config, const PolicySection* policy) {
  std::vector<Limit> limits;
  limits.reserve(1 + config.more_devices.size());
  const auto add = [&](const DeviceSection& device) {
    const Limit base = device.limits.resolved(config.limit);
    limits.push_back(policy == nullptr ? base : policy->limits.resolved(base));
  };
  add(config.device);
  for (const auto& more : config.more_devices) add(more.second);
  return limits;
}

// Empty if all of them are the defaults, as with most configurations.
std::vector<ShareTerms> terms_of(const Config& config, const PolicySection* policy) {
  const auto of = [&](const DeviceSection& device) {
    const ShareTerms base = device.limits.resolved(config.terms);
    return policy == nullptr ? base : policy->limits.resolved(base);
  };
  bool usual = of(config.device) == ShareTerms{};
  for (const auto& more : config.more_devices) usual = usual && of(more.second) == ShareTerms{};
  if (usual) return {};
  std::vector<ShareTerms> terms{of(config.device)};
  for (const auto& more : config.more_devices) terms.push_back(of(more.second));
  return terms;
}

std::string sections_of(const Config& config) {
  std::string text = config.where("[limits]");
  for (const auto& [name, device] : config.more_devices) {
    if (device.limits.resolved(config.limit) == config.limit) continue;
    text += ", for " + device.mount + " " + config.where("[device " + name + "]");
  }
  return text;
}

Decision exempt(std::string reason) {
  Decision decision;
  decision.verdict = Verdict::exempt;
  decision.reason = std::move(reason);
  return decision;
}

// The labels by which a policy has matched, and where they come from.
std::string labels_used(const PolicySection& policy, const Record& record) {
  std::string text;
  for (const auto& [key, glob] : policy.globs) {
    if (!key.starts_with(label_key)) continue;
    text.append("; ").append(key).append(" = ");
    text.append(label_of(record, std::string_view(key).substr(label_key.size())));
    text.append(" (").append(origin_of_labels(record)).append(")");
  }
  return text;
}

// Applies the pod's own request to the limits from the operator's sections.
void follow_annotations(const Config& config, const NamedPolicy* policy, const Record& record,
                        Decision& decision) {
  if (record.annotations.empty()) return;
  PodRequest request = read_request(config.annotation_prefixes, record.annotations);
  for (const std::string& requested : request.requested)
    decision.reason.append("; annotation " + requested + " (")
        .append(origin_of_labels(record))
        .append(")");
  std::string announced;
  for (Limit& limit : decision.limits) {
    Granted granted = grant(config, policy, limit, request.keys);
    limit = granted.limit;
    if (granted.clamps != announced) decision.reason += granted.clamps;
    announced = std::move(granted.clamps);
  }
  if (request.keys.ceiling_iops && !lower_ceiling(decision.terms, request.keys))
    decision.reason += ", which leaves the ceiling as it is";
  decision.warnings = std::move(request.warnings);
}

Record pod_part(Record record) {
  record.sandbox = false;
  record.name.clear();
  record.image.clear();
  return record;
}

// pause does no I/O, but with gVisor or Kata all processes of the pod are in the sandbox's cgroup.
// Its own name and image are the runtime's, so what they match says nothing about the pod.
Decision decide_sandbox(const Config& config, const ContainerPath& path, const Record& record,
                        Trace* trace) {
  if (trace != nullptr)
    trace->emplace_back(
        "it is the pod's sandbox: usually a pause process without I/O, with gVisor or Kata all "
        "processes of the pod; limited by what applies to the pod as a whole");
  const Record pod = pod_part(record);
  Decision decision = decide(config, path, &pod, trace);
  if (decision.verdict == Verdict::exempt) decision.limits.clear();
  decision.verdict = Verdict::sandbox;
  decision.reason.insert(0, "pod sandbox, one limit for all that runs in it; ");
  return decision;
}

void tighten(std::vector<Limit>& limits, const std::vector<Limit>& others) {
  for (std::size_t at = 0; at < limits.size(); ++at) limits[at] = stricter(limits[at], others[at]);
}

// The value cannot exist, so that a policy that asks for it does not match. Podman tells no labels,
// and containerd tells those of pods on its socket only.
bool has_no(const Config& config, std::string_view key, const ContainerPath& path) {
  const bool standalone = path.pod_uid.empty() && (path.runtime == RuntimeHint::docker ||
                                                   path.runtime == RuntimeHint::podman);
  if (key == "namespace" || key == "pod") return standalone;
  if (key == "container" || key == "image") return path.id.empty();
  if (key == "qos") return true;
  const bool no_socket = config.runtime_socket == "no" || path.pod_uid.empty();
  return path.runtime == RuntimeHint::podman ||
         (path.runtime == RuntimeHint::containerd && no_socket);
}

// Only the path and `known` are certain. `why` is the end of the reason.
Decision strictest(const Config& config, const ContainerPath& path, const Record& known,
                   std::string_view why, Trace* trace) {
  Decision decision{.limits = limits_of(config, nullptr), .reason = sections_of(config)};
  std::string policies;
  for (const NamedPolicy& one : config.policies) {
    const bool could = could_match(config, one.second, path, known);
    if (trace != nullptr) trace->push_back(step_of_possible_policy(one, could));
    if (!could || one.second.exempt) continue;
    const std::vector<Limit> before = decision.limits;
    tighten(decision.limits, limits_of(config, &one.second));
    if (decision.limits != before) policies += " and " + name_of(one);
  }
  if (!policies.empty()) decision.reason = "the strictest of " + decision.reason + policies;
  decision.reason.append("; ").append(why);
  return decision;
}

bool is_uncertain(const Record& record) {
  return record.incomplete && record.lack != Record::Lack::late;
}

std::string_view why_unknown(const Record& record) {
  return record.lack == Record::Lack::large ? "the record of the pod's sandbox is not read yet"
                                            : "the record of the pod's sandbox cannot be used";
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

bool could_match(const Config& config, const PolicySection& policy, const ContainerPath& path,
                 const Record& known) {
  return std::ranges::all_of(policy.globs, [&](const auto& glob) {
    const std::string value(subject(glob.first, path, known));
    if (value.empty()) return !has_no(config, glob.first, path);
    return fnmatch(glob.second.c_str(), value.c_str(), 0) == 0;
  });
}

Decision decide(const Config& config, const ContainerPath& path, const RecordAnswer& answer,
                Trace* trace) {
  const bool large = std::holds_alternative<LargeRecord>(answer);
  const auto* bad = std::get_if<BadRecord>(&answer);
  if (bad == nullptr && !large) return decide(config, path, std::get_if<Record>(&answer), trace);
  if (trace != nullptr) trace->push_back(step_of_unusable_record(bad));
  return strictest(config, path, {},
                   large ? "the runtime's record is large and not read yet"
                         : "the runtime's record cannot be used",
                   trace);
}

Decision decide(const Config& config, const ContainerPath& path, const Record* record,
                Trace* trace) {
  const auto step = [trace](const auto& sentence) {
    if (trace != nullptr) trace->push_back(sentence());
  };
  if (record != nullptr && record->sandbox) return decide_sandbox(config, path, *record, trace);
  Decision decision;
  step([&] { return step_of_record(path, record); });
  if (record == nullptr) {
    decision.limits = limits_of(config, nullptr);
    decision.terms = terms_of(config, nullptr);
    decision.reason = sections_of(config) + "; the runtime's record was not readable";
    return decision;
  }
  auto excluded = excluded_by(config, *record);
  step([&] {
    return excluded ? *excluded + ": exempt" : "[exclude]: no keyword and no namespace fits";
  });
  if (excluded) return exempt(std::move(*excluded));
  const NamedPolicy* found = nullptr;
  for (const NamedPolicy& one : config.policies) {
    if (found != nullptr && trace == nullptr) break;
    const bool tried = found == nullptr;
    if (tried && matches(one.second, path, *record)) found = &one;
    if (tried && found == nullptr && is_uncertain(*record) &&
        could_match(config, one.second, path, *record))
      return strictest(config, path, *record, why_unknown(*record), trace);
    step([&] { return step_of_policy(one, path, *record, tried, found == &one); });
  }
  if (config.policies.empty()) step([] { return "[policy]: there is none"; });
  decision.reason = found != nullptr ? name_of(*found) + labels_used(found->second, *record)
                                     : sections_of(config);
  if (found != nullptr && found->second.exempt) return exempt(std::move(decision.reason));
  if (record->annotations.empty()) step([] { return "[annotations]: the pod requests nothing"; });
  const PolicySection* policy = found == nullptr ? nullptr : &found->second;
  decision.limits = limits_of(config, policy);
  decision.terms = terms_of(config, policy);
  follow_annotations(config, found, *record, decision);
  return decision;
}

RecordRequest requested_by(const Config& config) {
  RecordRequest request;
  for (const auto& [name, policy] : config.policies) {
    for (const auto& [key, glob] : policy.globs) {
      if (!key.starts_with(label_key)) continue;
      std::string label = key.substr(label_key.size());
      if (std::ranges::find(request.labels, label) == request.labels.end())
        request.labels.push_back(std::move(label));
    }
  }
  request.annotation_prefixes = config.annotation_prefixes;
  return request;
}

RecordAnswer of_pod(RecordAnswer record) {
  if (auto* good = std::get_if<Record>(&record)) *good = pod_part(std::move(*good));
  return record;
}

}  // namespace iopslimit
