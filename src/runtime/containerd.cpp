// SPDX-License-Identifier: Apache-2.0
#include "runtime/containerd.hpp"

#include <utility>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::text_of;
using record_json::view_of;

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

ContainerdSource::ContainerdSource(const std::vector<std::string>& states,
                                   const std::vector<std::string>& namespaces, RuntimeType type,
                                   RecordRequest request)
    : CriSource(RuntimeHint::containerd, type, std::move(request), record_json::oci_members) {
  for (const std::string& state : states) {
    for (const std::string& name : namespaces)
      add_place(state, "io.containerd.runtime.v2.task/" + name, nullptr, "config.json");
  }
}

RecordAnswer ContainerdSource::parse_record(const FileText& text, const ContainerPath& container,
                                            std::string_view& sandbox_id) {
  if (const char* why = record_json::read_annotations(json(), text)) return BadRecord{why};
  Record record{.runtime = RuntimeHint::containerd,
                .sandbox = view_of(json().pairs, "io.kubernetes.cri.container-type") == "sandbox",
                .name = text_of(json().pairs, "io.kubernetes.cri.container-name"),
                .image = text_of(json().pairs, "io.kubernetes.cri.image-name"),
                .pod = text_of(json().pairs, "io.kubernetes.cri.sandbox-name"),
                .pod_namespace = text_of(json().pairs, "io.kubernetes.cri.sandbox-namespace"),
                .annotations = record_json::annotations_of(json().pairs, request())};
  if (!is_nameless(record)) return record;
  if (record.sandbox) {
    name_by_log_directory(record, view_of(json().pairs, "io.kubernetes.cri.sandbox-log-directory"),
                          container.pod_uid);
  } else {
    sandbox_id = view_of(json().pairs, "io.kubernetes.cri.sandbox-id");
  }
  return record;
}

bool ContainerdSource::join(Record& record, const FileText& text, const ContainerPath& container) {
  std::string_view its_own;
  RecordAnswer answer = parse_record(text, container, its_own);
  auto* sandbox = std::get_if<Record>(&answer);
  if (sandbox == nullptr || !sandbox->sandbox) return false;
  record.pod = std::move(sandbox->pod);
  record.pod_namespace = std::move(sandbox->pod_namespace);
  return true;
}

}  // namespace iopslimit
