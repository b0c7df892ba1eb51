// SPDX-License-Identifier: Apache-2.0
// Cgroup paths: which directory is a container, and whose. A path here is relative to the root of
// the hierarchy and starts with '/':
// "/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<id>.scope".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iopslimit {

/// `none`: not in a pod of the kubelet's.
enum class QosClass { guaranteed, burstable, besteffort, none };
/// What the directory's name says about the runtime; `unknown` for a bare id (cgroupfs driver:
/// containerd or docker).
enum class RuntimeHint { unknown, containerd, crio, docker, podman };

/// Empty for `none`.
std::string_view to_string(QosClass qos);

/// Containers outside of the kubelet's tree that are limited as well.
struct Standalone {
  bool docker = false;
  bool podman = false;
  bool operator==(const Standalone&) const = default;
};

/// A container's (or a pod's) cgroup and what its path alone tells.
struct ContainerPath {
  std::string cgroup;
  std::string id;       ///< 64 lowercase hex digits; empty for a pod
  std::string pod_uid;  ///< with dashes, or 32 hex digits for a static pod; empty outside of pods
  QosClass qos = QosClass::guaranteed;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool operator==(const ContainerPath&) const = default;
};

/// What a cgroup directory is to us.
enum class CgroupKind {
  prefix,    ///< a kubepods directory may appear below it: the root, a --cgroup-root of the kubelet
  kubepods,  ///< the parent of every pod: carries the total
  qos,       ///< burstable, besteffort
  pod,       ///< its direct children are containers
  container,  ///< everything below belongs to it and is never looked at, its process leaf apart
  elsewhere,  ///< not ours
  outside,    ///< a standalone container may appear in it; only when that was asked for
};

/// Where in the kubelet's tree `cgroup` ("/" for the root) stands, for both cgroup drivers and any
/// --cgroup-root, or where docker and podman put the containers that `standalone` asks for. A
/// container is the direct child of the first pod directory on the path, whatever the names below
/// it look like. A process leaf is a container too: see may_hold_process_leaf().
CgroupKind kind_of(std::string_view cgroup, Standalone standalone = {});

/// Names, ids and class of a path whose place is `container`; nothing for any other path. A process
/// leaf has the id of the container that it is a part of.
std::optional<ContainerPath> parse_container_path(std::string_view cgroup,
                                                  Standalone standalone = {});

/// Uid and class of a path whose place is `pod`; nothing for any other path.
std::optional<ContainerPath> parse_pod_path(std::string_view cgroup);

/// The directory of the pod that a container's path is in (or that `path` is): a part of
/// `path.cgroup`. Empty for a standalone container.
std::string_view pod_cgroup_of(const ContainerPath& path);

/// Whether `cgroup` is a container whose processes may all be in its child "container": crun does
/// so when systemd makes the scope (CRI-O's and podman's default), and v1 limits are flat, so that
/// there a limit on the scope alone limits nothing. The child's place is `container` whatever the
/// hierarchy: on v2 nobody looks for it.
bool may_hold_process_leaf(std::string_view cgroup, Standalone standalone = {});

/// The process leaf that a scope may have.
std::string process_leaf_of(const ContainerPath& scope);

/// The scope that a process leaf is in: a part of `path.cgroup`. Empty for every other container.
std::string_view scope_of(const ContainerPath& path);

/// Exactly 64 lowercase hex digits: the only form of container id that is looked up anywhere.
bool is_container_id(std::string_view text);

}  // namespace iopslimit
