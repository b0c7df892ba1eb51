// SPDX-License-Identifier: Apache-2.0
// Which cgroup hierarchy this machine limits disk I/O with, and where it is mounted.
#pragma once

#include <string>

#include "cgroup/version.hpp"

namespace iopslimit {

struct Hierarchy {
  CgroupVersion version = CgroupVersion::v2;  ///< v1 or v2, never automatic
  std::string root;                           ///< "/sys/fs/cgroup", "/sys/fs/cgroup/blkio"
};

/// Looks at `mountinfo` for a cgroup2 hierarchy whose root has the io controller, then for a v1
/// hierarchy with blkio (hybrid: the second); `wanted` asks for one of them. Throws
/// std::runtime_error that says what is missing and what to do.
Hierarchy find_hierarchy(CgroupVersion wanted,
                         const std::string& mountinfo = "/proc/self/mountinfo");

}  // namespace iopslimit
