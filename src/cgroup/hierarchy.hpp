// SPDX-License-Identifier: Apache-2.0
// Finds the cgroup hierarchy that limits disk I/O on this machine, and its mount point.
#pragma once

#include <string>

#include "cgroup/version.hpp"

namespace iopslimit {

struct Hierarchy {
  CgroupVersion version = CgroupVersion::v2;  ///< v1 or v2, never automatic
  std::string root;                           ///< "/sys/fs/cgroup", "/sys/fs/cgroup/blkio"
};

/// Searches `mountinfo` for a cgroup2 hierarchy whose root has the io controller, then for a v1
/// hierarchy with blkio (a hybrid machine has the second). `wanted` restricts the search to one
/// version. Throws std::runtime_error whose text names what is missing and what to do.
Hierarchy find_hierarchy(CgroupVersion wanted,
                         const std::string& mountinfo = "/proc/self/mountinfo");

}  // namespace iopslimit
