// SPDX-License-Identifier: Apache-2.0
// Paths of one kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cgroup/path.hpp"

namespace iopslimit {

/// As parse_cgroup() for a path whose kind is `container`; nothing for any other path.
inline std::optional<ContainerPath> parse_container_path(std::string_view cgroup,
                                                         Standalone standalone = {}) {
  ContainerPath path = parse_cgroup(std::string(cgroup), standalone);
  return path.kind == CgroupKind::container ? std::optional(std::move(path)) : std::nullopt;
}

/// As parse_cgroup() for a path whose kind is `pod`; nothing for any other path.
inline std::optional<ContainerPath> parse_pod_path(std::string_view cgroup) {
  ContainerPath path = parse_cgroup(std::string(cgroup));
  return path.kind == CgroupKind::pod ? std::optional(std::move(path)) : std::nullopt;
}

}  // namespace iopslimit
