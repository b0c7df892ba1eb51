// SPDX-License-Identifier: Apache-2.0
// dockerd's records for dockershim, cri-dockerd and plain docker.
#include <algorithm>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::text_of;
using record_json::view_of;

// The shims write the pod's annotations as labels with this prefix (cri-dockerd, helpers.go).
constexpr std::string_view annotation_mark = "annotation.";

// The requested labels, except those with the prefix of annotations: these are annotations.
Record::Pairs shim_labels_of(const record_json::Object& labels, const RecordRequest& request) {
  Record::Pairs pairs = record_json::labels_of(labels, request.labels);
  std::erase_if(pairs, [](const auto& pair) { return pair.first.starts_with(annotation_mark); });
  return pairs;
}

// The shims name every container k8s_<container>_<pod>_<namespace>_<uid>_<attempt>. Labels without
// such a name do not make a container part of a pod, because an image may bring any label.
void read_shim_labels(Record& record, const record_json::Object& labels,
                      const RecordRequest& request) {
  const std::string_view type = view_of(labels, "io.kubernetes.docker.type");
  const bool by_shim = record.name.starts_with("k8s_");
  if (!by_shim || (type != "podsandbox" && type != "container")) return;
  record.sandbox = type == "podsandbox" && record.name.starts_with("k8s_POD_");
  record.name = text_of(labels, "io.kubernetes.container.name");
  record.pod = text_of(labels, "io.kubernetes.pod.name");
  record.pod_namespace = text_of(labels, "io.kubernetes.pod.namespace");
  if (record.sandbox) {
    record.labels = shim_labels_of(labels, request);
    record.annotations = record_json::annotations_of(labels, request, annotation_mark);
  } else {
    record.sandbox_id = text_of(labels, "io.kubernetes.sandbox.id");
  }
}

}  // namespace

RecordAnswer RecordParser::parse_docker(std::string& text, const RecordRequest& request,
                                        bool in_pod) {
  record_json::Object container;
  if (const char* why = record_json::parse_object(buffers_->json, text, container))
    return BadRecord{why};
  record_json::Object config;
  if (container.at_key("Config").get(config) != simdjson::SUCCESS)
    return BadRecord{"\"Config\" is not an object"};
  Record record{.runtime = RuntimeHint::docker};
  std::string_view name = view_of(container, "Name");
  if (name.starts_with('/')) name.remove_prefix(1);
  record.name = name;
  record.image = text_of(config, "Image");
  record_json::Object labels;  // null if there are none
  if (config.at_key("Labels").get(labels) != simdjson::SUCCESS) return record;
  if (in_pod) {
    read_shim_labels(record, labels, request);
  } else {
    record.labels = record_json::labels_of(labels, request.labels);
  }
  return record;
}

}  // namespace iopslimit
