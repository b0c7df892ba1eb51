// SPDX-License-Identifier: Apache-2.0
// The runtimes' records on disk: which folder a container's record is in, read without following a
// link a pod could plant.
#pragma once

#include <string>
#include <vector>

#include "core/container.hpp"
#include "core/record.hpp"

namespace iopslimit {

/// Reads containerd's bundles: <state>/io.containerd.runtime.v2.task/<namespace>/<id>/config.json
/// (containerd, core/runtime/v2/bundle.go), which is complete before the container's cgroup is
/// made.
class ContainerRecord {
 public:
  /// A larger config.json is refused: the kubelet's largest is a few hundred KiB.
  static constexpr std::size_t max_record = 8U << 20;

  /// `states`: containerd state folders to look into before the known ones (/run/containerd; k3s
  /// and rke2; microk8s).
  ContainerRecord(std::vector<std::string> states, const std::string& containerd_namespace);

  /// The record of a container by its id. No file is NoRecord; one that cannot be read or parsed is
  /// BadRecord with the path and the reason.
  RecordAnswer read(const ContainerPath& container);

  /// The folders a bundle can appear in.
  const std::vector<std::string>& folders() const { return folders_; }

 private:
  std::error_code read_bundle(const std::string& folder, const std::string& id);

  std::vector<std::string> folders_;
  RecordParser parser_;
  std::string text_;
};

}  // namespace iopslimit
