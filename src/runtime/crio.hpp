// SPDX-License-Identifier: Apache-2.0
// CRI-O's records: its config.json, below a root of containers/storage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cri_source.hpp"

namespace iopslimit {

/// Reads <storage>/overlay-containers/<id>/userdata/config.json. Storage drivers other than overlay
/// are not supported.
///
/// In a container's record CRI-O writes the pod's annotations first, so a pod cannot forge the keys
/// that CRI-O sets itself (io.kubernetes.cri-o.ContainerType, SandboxID, Image, ImageName) or the
/// kubelet's labels (io.kubernetes.pod.*, io.kubernetes.container.name). In a sandbox's record
/// CRI-O writes the pod's annotations after its own keys and before the labels, so only the labels
/// can be trusted. A record is therefore a sandbox's only if it has both the type "sandbox", which
/// a pod cannot forge in a container's record, and the container name "POD", which a pod cannot
/// forge in a sandbox's record and which is not a valid container name. A pod that forges the type
/// of its sandbox only gets its own pause container limited.
///
/// The labels are in the sandbox's record, in two forms, and an annotation of the pod can imitate
/// both: an annotation named io.kubernetes.cri-o.Labels overwrites that key, and a plain key may be
/// an annotation if the pod has no label of that name. join() takes the plain keys, because there a
/// label wins over an annotation. It leaves out those that the container's own record has with the
/// same value, because that record holds every annotation of the pod and none of its labels. So no
/// annotation passes for a label. A label that is also an annotation with the same value is not
/// found.
class CrioSource final : public CriSource {
 public:
  CrioSource(const std::vector<std::string>& storages, RuntimeType type, RecordRequest request);

  bool join(Record& record, const FileText& text, const ContainerPath& container) override;

 private:
  RecordAnswer parse_record(const FileText& text, const ContainerPath& container,
                            std::string_view& sandbox_id) override;

  Record::Pairs label_lookalikes_;  // the container's annotations with the key of a requested label
};

}  // namespace iopslimit
