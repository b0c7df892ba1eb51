// SPDX-License-Identifier: Apache-2.0
// What the limits of a back end can do. Whoever decides about limits asks this, never for a version
// of cgroup.
#pragma once

#include <string_view>

#include "cgroup/version.hpp"

namespace iopslimit {

struct Capabilities {
  /// A rule on a cgroup holds for everything below it together. Throttling on v1 has no hierarchy
  /// (block/blk-throttle.c, throtl_pd_init): a rule there holds for the cgroup's own processes.
  bool hierarchical = true;
  /// systemd has properties for all values of a rule. For v1 it has only *_bps_device (systemd's
  /// cgroup.c).
  bool unit_properties = true;
  std::string_view cgroup_version = "v2";  ///< to show to an operator
};

/// `version` is v1 or v2.
constexpr Capabilities capabilities_of(CgroupVersion version) {
  if (version == CgroupVersion::v2) return {};
  return {.hierarchical = false, .unit_properties = false, .cgroup_version = "v1"};
}

}  // namespace iopslimit
