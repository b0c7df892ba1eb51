// SPDX-License-Identifier: Apache-2.0
// CRI-O's records. RecordParser::parse_crio explains what the order of the keys means.
#include <algorithm>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::text_of;
using record_json::view_of;

// The kubelet requests images by ID; CRI-O then also knows a name.
bool is_image_id(std::string_view image) {
  if (image.starts_with("sha256:")) image.remove_prefix(7);
  return is_container_id(image);
}

std::string image_of(const record_json::Object& pairs) {
  const std::string_view asked_for = view_of(pairs, "io.kubernetes.cri-o.Image");
  const std::string_view named = view_of(pairs, "io.kubernetes.cri-o.ImageName");
  const bool take_name = asked_for.empty() || (is_image_id(asked_for) && !named.empty());
  return std::string(take_name ? named : asked_for);
}

bool is_infrastructure(const record_json::Object& pairs) {
  return view_of(pairs, "io.kubernetes.container.name") == "POD";
}

}  // namespace

RecordAnswer RecordParser::parse_crio(std::string& text, const RecordRequest& request) {
  buffers_->annotations.clear();
  const auto annotations = record_json::parse_annotations(buffers_->json, text);
  if (annotations.why != nullptr) return BadRecord{annotations.why};
  Record record{.runtime = RuntimeHint::crio};
  if (!annotations.found) return record;
  const record_json::Object& pairs = annotations.pairs;
  record.name = text_of(pairs, "io.kubernetes.container.name");
  record.pod = text_of(pairs, "io.kubernetes.pod.name");
  record.pod_namespace = text_of(pairs, "io.kubernetes.pod.namespace");
  record.annotations = record_json::annotations_of(pairs, request);
  if (is_infrastructure(pairs)) {
    record.sandbox = view_of(pairs, "io.kubernetes.cri-o.ContainerType") == "sandbox";
    return record;
  }
  record.image = image_of(pairs);
  record.sandbox_id = text_of(pairs, "io.kubernetes.cri-o.SandboxID");
  buffers_->annotations = record_json::labels_of(pairs, request.labels);
  return record;
}

bool RecordParser::join_crio(Record& record, std::string& text, const RecordRequest& request) {
  const auto annotations = record_json::parse_annotations(buffers_->json, text);
  // A pod can forge the type here, but not the name.
  if (!annotations.found || !is_infrastructure(annotations.pairs)) return false;
  record.labels = record_json::labels_of(annotations.pairs, request.labels);
  std::erase_if(record.labels, [this](const auto& label) {
    return std::ranges::find(buffers_->annotations, label) != buffers_->annotations.end();
  });
  return true;
}

}  // namespace iopslimit
