// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::error_code;
using record_json::Pairs;
using record_json::text_of;
using record_json::Value;
using record_json::view_of;

// The shims write the pod's annotations as labels with this prefix (cri-dockerd, helpers.go).
constexpr std::string_view annotation_mark = "annotation.";

// What read_fields() takes from a text.
constexpr std::array<KeptMember, 2> config_members{{{"Image"}, {"Labels"}}};
constexpr std::array<KeptMember, 2> docker_members{{{"Name"}, {"Config", config_members}}};

// The requested labels, except those with the prefix of annotations: these are annotations.
Record::Pairs shim_labels_of(const Pairs& labels, const RecordRequest& request) {
  Record::Pairs pairs = record_json::labels_of(labels, request.labels);
  std::erase_if(pairs, [](const auto& pair) { return pair.first.starts_with(annotation_mark); });
  return pairs;
}

error_code read_config(Value& config, std::string_view& image, Pairs& labels) {
  simdjson::ondemand::object object;
  if (const error_code error = config.get_object().get(object)) return error;
  return record_json::for_each_member(object, [&](std::string_view key, Value& value) {
    if (key == "Image") return record_json::read_text(value, image);
    if (key != "Labels") return simdjson::SUCCESS;
    const error_code error = record_json::read_pairs(value, labels);
    return error == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : error;  // null without labels
  });
}

}  // namespace

DockerSource::DockerSource(const std::vector<std::string>& roots, RuntimeType type,
                           RecordRequest request)
    : CriSource(RuntimeHint::docker, type, std::move(request), docker_members) {
  for (const std::string& root : roots) add_place(root, "containers", nullptr, "config.v2.json");
}

// Sets name and image, and fills json().pairs. Returns nullptr, or the reason if the text is
// unusable.
const char* DockerSource::read_fields(const FileText& text, Record& record) {
  json().pairs.clear();
  std::string_view name;
  std::string_view image;
  error_code config = simdjson::INCORRECT_TYPE;
  error_code error = json().reader.parse(text);
  if (error == simdjson::SUCCESS) {
    error = json().reader.read_object([&](std::string_view key, Value& value) {
      if (key == "Name") return record_json::read_text(value, name);
      if (key == "Config") config = read_config(value, image, json().pairs);
      return config == simdjson::INCORRECT_TYPE ? simdjson::SUCCESS : config;
    });
  }
  if (error != simdjson::SUCCESS) return record_json::reason_of(error);
  if (config != simdjson::SUCCESS) return "\"Config\" is not an object";
  if (name.starts_with('/')) name.remove_prefix(1);
  record.name = name;
  record.image = image;
  return nullptr;
}

// The shims name every container k8s_<container>_<pod>_<namespace>_<uid>_<attempt>. Labels without
// such a name do not make a container part of a pod, because an image may bring any label.
void DockerSource::read_shim_labels(Record& record, std::string_view& sandbox_id) const {
  const std::string_view type = view_of(json().pairs, "io.kubernetes.docker.type");
  const bool by_shim = record.name.starts_with("k8s_");
  if (!by_shim || (type != "podsandbox" && type != "container")) return;
  record.sandbox = type == "podsandbox" && record.name.starts_with("k8s_POD_");
  record.name = text_of(json().pairs, "io.kubernetes.container.name");
  record.pod = text_of(json().pairs, "io.kubernetes.pod.name");
  record.pod_namespace = text_of(json().pairs, "io.kubernetes.pod.namespace");
  if (record.sandbox) {
    record.labels = shim_labels_of(json().pairs, request());
    record.annotations = record_json::annotations_of(json().pairs, request(), annotation_mark);
  } else if (!request().labels.empty() || !request().annotation_prefixes.empty()) {
    sandbox_id = view_of(json().pairs, "io.kubernetes.sandbox.id");
  }
}

RecordAnswer DockerSource::parse_text(const FileText& text, bool in_pod,
                                      std::string_view& sandbox_id) {
  Record record{.runtime = RuntimeHint::docker};
  if (const char* why = read_fields(text, record)) return BadRecord{why};
  if (in_pod) {
    read_shim_labels(record, sandbox_id);
  } else {
    record.labels = record_json::labels_of(json().pairs, request().labels);
  }
  return record;
}

RecordAnswer DockerSource::parse_record(const FileText& text, const ContainerPath& container,
                                        std::string_view& sandbox_id) {
  return parse_text(text, !container.pod_uid.empty(), sandbox_id);
}

bool DockerSource::join(Record& record, const FileText& text, const ContainerPath&) {
  std::string_view its_own;
  RecordAnswer answer = parse_text(text, true, its_own);
  auto* sandbox = std::get_if<Record>(&answer);
  if (sandbox == nullptr || !sandbox->sandbox) return false;
  record.labels = std::move(sandbox->labels);
  record.annotations = std::move(sandbox->annotations);
  return true;
}

}  // namespace iopslimit
