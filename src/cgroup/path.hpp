// SPDX-License-Identifier: Apache-2.0
// Cgroup paths: which directory is a container, and which pod it belongs to. Paths here are
// relative to the root of the hierarchy and start with '/':
// "/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<id>.scope".
#pragma once

#include <string>
#include <string_view>

#include "loop/shared_text.hpp"

namespace iopslimit {

/// The kubelet's QoS class of a pod; `none` outside of the kubelet's pods.
enum class QosClass { guaranteed, burstable, besteffort, none };
/// The runtime that the directory's name indicates; `unknown` for a bare ID (cgroupfs driver:
/// containerd or docker).
enum class RuntimeHint { unknown, containerd, crio, docker, podman };

/// Returns the class as text; empty for `none`.
std::string_view to_string(QosClass qos);

/// Selects containers outside of the kubelet's tree that are limited as well.
struct Standalone {
  bool docker = false;
  bool podman = false;
  bool operator==(const Standalone&) const = default;
};

/// The role of a cgroup directory for this service.
enum class CgroupKind {
  prefix,      ///< a kubepods directory may appear below it: the root, or a --cgroup-root of the
               ///< kubelet
  kubepods,    ///< the parent of every pod; carries the total
  level,       ///< between kubepods and the pods: burstable, besteffort, or one that is not known
  pod,         ///< its direct children are containers
  container,   ///< everything below belongs to it and is never read, except its process leaf
  outside,     ///< a standalone container may appear in it, and no kubepods directory
  unfamiliar,  ///< looks like a container, or is in a pod, and is left alone; this is said
  elsewhere,   ///< not relevant to this service
};

/// Where a container's processes are. crun, below whatever runtime, moves them to the scope's child
/// "container" when systemd creates the scope. On v1 a limit on the scope alone then limits
/// nothing; on v2 nothing searches for the child.
enum class ProcessLeaf {
  none,      ///< in the container's own directory
  possible,  ///< they may all be in its child "container"
  itself     ///< the directory is such a child; its ID is that of the container it is a part of
};

/// A cgroup directory and the facts that its path alone contains. The path is parsed once, when the
/// directory is found (parse_cgroup), and handed on.
struct ContainerPath {
  SharedText cgroup;
  std::string id;       ///< 64 lowercase hex digits; empty unless it is or looks like a container
  std::string pod_uid;  ///< with dashes, or 32 hex digits for a static pod; empty outside of pods
  QosClass qos = QosClass::guaranteed;
  RuntimeHint runtime = RuntimeHint::unknown;
  CgroupKind kind = CgroupKind::container;
  ProcessLeaf leaf = ProcessLeaf::none;
  bool outside_pod = false;  ///< the directory is not in that of its pod, which only the name tells
  bool operator==(const ContainerPath&) const = default;
};

/// Parses `cgroup` ("/" for the root): its role in the kubelet's tree, for both cgroup drivers and
/// any --cgroup-root, or outside of it; and the names, ID and class of a container or a pod.
/// Unknown is limited: levels between kubepods and a pod may have any name, and every child of a
/// pod, or of such a level, whose name ends in an ID is a container. Outside of kubepods a
/// container is one whose name tells that it is the kubelet's, or that `standalone` includes it.
/// Names below a container mean nothing, except that of its process leaf, which is a container too.
ContainerPath parse_cgroup(std::string cgroup, Standalone standalone = {});

/// Returns the role alone.
CgroupKind kind_of(std::string_view cgroup, Standalone standalone = {});

/// Returns the directory of the pod that contains the path (or that `path` itself is): a part of
/// `path.cgroup`. Empty for a standalone container.
std::string_view pod_cgroup_of(const ContainerPath& path);

/// Returns the pod that a container belongs to; it must not be a standalone container.
ContainerPath pod_of(const ContainerPath& container);

/// Returns the path of the process leaf that a scope may have.
std::string process_leaf_of(const ContainerPath& scope);

/// Returns the scope that contains a process leaf: a part of `path.cgroup`. Empty for every other
/// container.
std::string_view scope_of(const ContainerPath& path);

/// Whether `text` is exactly 64 lowercase hex digits: the only form of container ID that this
/// program uses for lookups.
bool is_container_id(std::string_view text);

}  // namespace iopslimit
