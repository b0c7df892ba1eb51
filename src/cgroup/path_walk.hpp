// SPDX-License-Identifier: Apache-2.0
// The walk down one cgroup path, component by component: what container.hpp's questions have in
// common.
#pragma once

#include <string_view>

#include "cgroup/path.hpp"
#include "cgroup/scope_name.hpp"

namespace iopslimit {

/// The child that crun puts a container's processes into (find_systemd_subgroup in crun's
/// cgroup-systemd.c).
constexpr std::string_view process_leaf = "container";

/// What is known at the end of a path. The texts are parts of that path.
struct CgroupWalk {
  CgroupKind kind = CgroupKind::prefix;
  QosClass qos = QosClass::none;  ///< known from a pod on
  std::string_view pod_uid;       ///< as the directory spells it
  ContainerName container;
  bool systemd_driver = false;
  bool at_process_leaf = false;

  bool may_hold_process_leaf() const;
};

/// Walks `cgroup`, which starts with '/' and has no empty component.
CgroupWalk walk_cgroup(std::string_view cgroup, Standalone standalone);

}  // namespace iopslimit
