// SPDX-License-Identifier: Apache-2.0
// Walks down one cgroup path, component by component. The functions of cgroup/path.hpp share this
// walk.
#pragma once

#include <string_view>

#include "cgroup/path.hpp"
#include "cgroup/scope_name.hpp"

namespace iopslimit {

/// The child into which crun moves a container's processes (find_systemd_subgroup in crun's
/// cgroup-systemd.c).
constexpr std::string_view process_leaf = "container";

/// The result at the end of a path. The texts are parts of that path.
struct CgroupWalk {
  CgroupKind kind = CgroupKind::prefix;
  QosClass qos = QosClass::none;  ///< set at a pod and below, or by a level above
  std::string_view pod_uid;       ///< as the directory spells it
  ContainerName container;
  bool uid_in_slice = false;  ///< `pod_uid` is part of a slice's name
  bool outside_pod = false;   ///< a container of the pod, not in the pod's directory
  bool at_process_leaf = false;

  bool may_hold_process_leaf() const;
};

/// Walks `cgroup`, which starts with '/' and has no empty component.
CgroupWalk walk_cgroup(std::string_view cgroup, Standalone standalone);

}  // namespace iopslimit
