// SPDX-License-Identifier: Apache-2.0
// containerd's records: the config.json that its CRI plugin writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/cri_source.hpp"

namespace iopslimit {

/// Reads <state>/io.containerd.runtime.v2.task/<namespace>/<id>/config.json, which is complete
/// before containerd creates the container's cgroup.
///
/// The names are in the annotations io.kubernetes.cri.* (containerd pkg/cri/annotations), which the
/// plugin sets after those of the pod. A text without annotations gives a record without names. The
/// file contains no labels. The record of a sandbox without names (containerd 1.4 and older) gets
/// them from its log directory .../<namespace>_<name>_<uid> if the uid is that of the pod; a
/// container without names gets those of its sandbox.
class ContainerdSource final : public CriSource {
 public:
  ContainerdSource(const std::vector<std::string>& states,
                   const std::vector<std::string>& namespaces, RuntimeType type,
                   RecordRequest request);

  bool join(Record& record, const FileText& text, const ContainerPath& container) override;

 private:
  RecordAnswer parse_record(const FileText& text, const ContainerPath& container,
                            std::string_view& sandbox_id) override;
};

}  // namespace iopslimit
