// SPDX-License-Identifier: Apache-2.0
// dockerd's records for dockershim, cri-dockerd and plain docker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cri_source.hpp"

namespace iopslimit {

/// Reads <root>/containers/<id>/config.v2.json.
///
/// Below a pod, dockershim and cri-dockerd set the labels io.kubernetes.*, and these override any
/// that the pod or the image brings; the sandbox's record provides the pod's labels and
/// annotations. Outside of pods no label has a special meaning, because an image may carry any
/// label: there a record is never that of a sandbox or of a pod.
class DockerSource final : public CriSource {
 public:
  DockerSource(const std::vector<std::string>& roots, RuntimeType type, RecordRequest request);

  bool join(Record& record, const FileText& text, const ContainerPath& container) override;

 private:
  RecordAnswer parse_record(const FileText& text, const ContainerPath& container,
                            std::string_view& sandbox_id) override;
  RecordAnswer parse_text(const FileText& text, bool in_pod, std::string_view& sandbox_id);
  const char* read_fields(const FileText& text, Record& record);
  void read_shim_labels(Record& record, std::string_view& sandbox_id) const;
};

}  // namespace iopslimit
