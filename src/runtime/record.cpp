// SPDX-License-Identifier: Apache-2.0
#include "runtime/record.hpp"

#include <algorithm>
#include <utility>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::text_of;

bool is_type(RuntimeHint runtime, RuntimeType type) {
  switch (type) {
    case RuntimeType::automatic:
      return true;
    case RuntimeType::containerd:
      return runtime == RuntimeHint::containerd;
    case RuntimeType::docker:
      return runtime == RuntimeHint::docker;
    case RuntimeType::crio:
      return runtime == RuntimeHint::crio;
  }
  return false;
}

// Parses <any folder>/<namespace>_<name>_<uid>, the form that the kubelet uses
// (BuildPodLogsDirectory). Neither namespace nor name can contain an underscore, so the kubelet did
// not create any other form.
void name_by_log_directory(Record& record, std::string_view directory, std::string_view pod_uid) {
  const auto slash = directory.rfind('/');
  if (slash == std::string_view::npos || pod_uid.empty()) return;
  directory.remove_prefix(slash + 1);
  const auto first = directory.find('_');
  if (first == std::string_view::npos || first == 0) return;
  const auto second = directory.find('_', first + 1);
  if (second == std::string_view::npos || second == first + 1) return;
  if (directory.substr(second + 1) != pod_uid) return;
  record.pod_namespace = directory.substr(0, first);
  record.pod = directory.substr(first + 1, second - first - 1);
}

bool is_nameless(const Record& record) {
  return record.pod.empty() || record.pod_namespace.empty();
}

}  // namespace

bool may_have_record(const ContainerPath& container, RuntimeType type, RuntimeHint runtime) {
  const bool bare = container.runtime == RuntimeHint::unknown;
  const bool fits = bare ? runtime == RuntimeHint::containerd || runtime == RuntimeHint::docker
                         : runtime == container.runtime;
  const bool outside = container.pod_uid.empty() || runtime == RuntimeHint::podman;
  return fits && (outside || is_type(runtime, type));
}

bool wants_sandbox(const Record& record, const RecordRequest& request) {
  if (record.sandbox || !is_container_id(record.sandbox_id)) return false;
  switch (record.runtime) {
    case RuntimeHint::containerd:
      return is_nameless(record);
    case RuntimeHint::crio:
      return !request.labels.empty();
    case RuntimeHint::docker:
      return !request.labels.empty() || !request.annotation_prefixes.empty();
    case RuntimeHint::podman:
    case RuntimeHint::unknown:
      break;
  }
  return false;
}

RecordParser::RecordParser() : buffers_(std::make_unique<Buffers>()) {}
RecordParser::~RecordParser() = default;

RecordAnswer RecordParser::parse_containerd(std::string& text, const RecordRequest& request,
                                            std::string_view pod_uid) {
  const auto annotations = record_json::parse_annotations(buffers_->json, text);
  if (annotations.why != nullptr) return BadRecord{annotations.why};
  Record record{.runtime = RuntimeHint::containerd};
  if (!annotations.found) return record;
  const record_json::Object& pairs = annotations.pairs;
  record.sandbox = record_json::view_of(pairs, "io.kubernetes.cri.container-type") == "sandbox";
  record.name = text_of(pairs, "io.kubernetes.cri.container-name");
  record.image = text_of(pairs, "io.kubernetes.cri.image-name");
  record.pod = text_of(pairs, "io.kubernetes.cri.sandbox-name");
  record.pod_namespace = text_of(pairs, "io.kubernetes.cri.sandbox-namespace");
  record.sandbox_id = text_of(pairs, "io.kubernetes.cri.sandbox-id");
  record.annotations = record_json::annotations_of(pairs, request);
  if (record.sandbox && is_nameless(record)) {
    name_by_log_directory(
        record, record_json::view_of(pairs, "io.kubernetes.cri.sandbox-log-directory"), pod_uid);
  }
  return record;
}

bool RecordParser::join_sandbox(Record& record, std::string& text, const RecordRequest& request,
                                std::string_view pod_uid) {
  if (record.runtime == RuntimeHint::crio) return join_crio(record, text, request);
  RecordAnswer answer;
  if (record.runtime == RuntimeHint::containerd) {
    answer = parse_containerd(text, request, pod_uid);
  } else if (record.runtime == RuntimeHint::docker) {
    answer = parse_docker(text, request);
  }
  auto* sandbox = std::get_if<Record>(&answer);
  if (sandbox == nullptr || !sandbox->sandbox) return false;
  if (record.runtime == RuntimeHint::docker) {
    record.labels = std::move(sandbox->labels);
    record.annotations = std::move(sandbox->annotations);
  } else if (is_nameless(record)) {
    record.pod = std::move(sandbox->pod);
    record.pod_namespace = std::move(sandbox->pod_namespace);
  }
  return true;
}

}  // namespace iopslimit
