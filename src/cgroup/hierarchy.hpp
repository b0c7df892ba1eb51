// SPDX-License-Identifier: Apache-2.0
// Finds the cgroup hierarchy that limits disk I/O on this machine, and its mount point, and holds
// it.
#pragma once

#include <string>

#include "cgroup/version.hpp"
#include "loop/file.hpp"

namespace iopslimit {

struct Hierarchy {
  CgroupVersion version = CgroupVersion::v2;  ///< v1 or v2, never automatic
  std::string root;                           ///< "/sys/fs/cgroup", "/sys/fs/cgroup/blkio"
};

/// Returns "cgroup v2 at /sys/fs/cgroup".
std::string to_string(const Hierarchy& tree);

/// Searches `mountinfo` for a cgroup2 hierarchy whose root has the io controller, then for a v1
/// hierarchy with blkio (a hybrid machine has the second). `wanted` restricts the search to one
/// version. A mount serves only if no other covers it and if it shows the whole hierarchy, not a
/// part of it; one at `usual` comes before those below it, and these before all others. Throws
/// std::runtime_error whose text names what is missing, which mounts do not serve, and what to do.
Hierarchy find_hierarchy(CgroupVersion wanted,
                         const std::string& mountinfo = "/proc/self/mountinfo",
                         const std::string& usual = "/sys/fs/cgroup");

/// A hierarchy whose root is held open: what covers the mount point later changes nothing for those
/// who go through the descriptor.
class HeldHierarchy {
 public:
  /// Throws std::system_error when the root cannot be opened.
  explicit HeldHierarchy(Hierarchy mounted);

  /// With the mount point, for people.
  const Hierarchy& mounted() const { return mounted_; }
  /// With a path that goes through the descriptor. Valid as long as this object.
  const Hierarchy& reached() const { return reached_; }
  /// Says what is wrong when the mount point does not lead to this hierarchy now; else empty.
  std::string problem() const;

 private:
  Hierarchy mounted_;
  File root_;
  Hierarchy reached_;
};

}  // namespace iopslimit
