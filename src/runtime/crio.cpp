// SPDX-License-Identifier: Apache-2.0
#include "runtime/crio.hpp"

#include <algorithm>
#include <utility>

#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::Pairs;
using record_json::text_of;
using record_json::view_of;

// The kubelet requests images by ID; CRI-O then also knows a name.
bool is_image_id(std::string_view image) {
  if (image.starts_with("sha256:")) image.remove_prefix(7);
  return is_container_id(image);
}

std::string image_of(const Pairs& pairs) {
  const std::string_view asked_for = view_of(pairs, "io.kubernetes.cri-o.Image");
  const std::string_view named = view_of(pairs, "io.kubernetes.cri-o.ImageName");
  const bool take_name = asked_for.empty() || (is_image_id(asked_for) && !named.empty());
  return std::string(take_name ? named : asked_for);
}

bool is_infrastructure(const Pairs& pairs) {
  return view_of(pairs, "io.kubernetes.container.name") == "POD";
}

}  // namespace

CrioSource::CrioSource(const std::vector<std::string>& storages, RuntimeType type,
                       RecordRequest request)
    : CriSource(RuntimeHint::crio, type, std::move(request), record_json::oci_members) {
  for (const std::string& storage : storages)
    add_place(storage, "overlay-containers", "userdata", "config.json");
}

RecordAnswer CrioSource::parse_record(const FileText& text, const ContainerPath&,
                                      std::string_view& sandbox_id) {
  label_lookalikes_.clear();
  if (const char* why = record_json::read_annotations(json(), text)) return BadRecord{why};
  Record record{.runtime = RuntimeHint::crio,
                .name = text_of(json().pairs, "io.kubernetes.container.name"),
                .pod = text_of(json().pairs, "io.kubernetes.pod.name"),
                .pod_namespace = text_of(json().pairs, "io.kubernetes.pod.namespace"),
                .annotations = record_json::annotations_of(json().pairs, request())};
  if (is_infrastructure(json().pairs)) {
    record.sandbox = view_of(json().pairs, "io.kubernetes.cri-o.ContainerType") == "sandbox";
    return record;
  }
  record.image = image_of(json().pairs);
  if (request().labels.empty()) return record;
  sandbox_id = view_of(json().pairs, "io.kubernetes.cri-o.SandboxID");
  label_lookalikes_ = record_json::labels_of(json().pairs, request().labels);
  return record;
}

bool CrioSource::join(Record& record, const FileText& text, const ContainerPath&) {
  // A pod can forge the type here, but not the name.
  if (record_json::read_annotations(json(), text) != nullptr || !is_infrastructure(json().pairs))
    return false;
  record.labels = record_json::labels_of(json().pairs, request().labels);
  std::erase_if(record.labels, [this](const auto& label) {
    return std::ranges::find(label_lookalikes_, label) != label_lookalikes_.end();
  });
  return true;
}

}  // namespace iopslimit
