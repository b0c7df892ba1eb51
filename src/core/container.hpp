// SPDX-License-Identifier: Apache-2.0
// Cgroup paths: which directory is a container, and whose. A path here is relative to the root of
// the hierarchy and starts with '/':
// "/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<id>.scope".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iopslimit {

enum class QosClass { guaranteed, burstable, besteffort };
/// What the directory's name says about the runtime; `unknown` for a bare id (cgroupfs driver:
/// containerd or docker).
enum class RuntimeHint { unknown, containerd, crio, docker };

std::string_view to_string(QosClass qos);

/// A container's cgroup and what its path alone tells.
struct ContainerPath {
  std::string cgroup;
  std::string id;       ///< 64 lowercase hex digits
  std::string pod_uid;  ///< with dashes, or 32 hex digits for a static pod
  QosClass qos = QosClass::guaranteed;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool operator==(const ContainerPath&) const = default;
};

/// What a cgroup directory is to us.
enum class CgroupPlace {
  prefix,    ///< a kubepods directory may appear below it: the root, a --cgroup-root of the kubelet
  kubepods,  ///< the parent of every pod: carries the total
  qos,       ///< burstable, besteffort
  pod,       ///< its direct children are containers
  container,  ///< everything below belongs to it and is never looked at
  elsewhere,  ///< not ours
};

/// Where in the kubelet's tree `cgroup` ("/" for the root) stands, for both cgroup drivers and any
/// --cgroup-root. A container is the direct child of the first pod directory on the path, whatever
/// the names below it look like.
CgroupPlace place_of(std::string_view cgroup);

/// Names, ids and class of a path whose place is `container`; nothing for any other path.
std::optional<ContainerPath> parse_container_path(std::string_view cgroup);

/// Exactly 64 lowercase hex digits: the only form of container id that is looked up anywhere.
bool is_container_id(std::string_view text);

}  // namespace iopslimit
