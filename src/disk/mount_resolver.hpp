// SPDX-License-Identifier: Apache-2.0
// /proc/self/mountinfo and udev: what is behind a mount point, down to the disks.
#pragma once

#include <string>
#include <vector>

#include "disk/block_devices.hpp"
#include "disk/data_stack.hpp"
#include "disk/mountinfo.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// Finds the disks behind mount points, and tells when a mount came or went. (What happens to the
/// disks below, disk/block_events tells.)
///
/// Nothing here throws for what an operator or a device can cause; std::system_error when mountinfo
/// cannot be read.
class MountResolver {
 public:
  /// Opens `mountinfo` (for tests; the kernel's file otherwise). Throws std::system_error when it
  /// cannot.
  explicit MountResolver(const std::string& mountinfo = "/proc/self/mountinfo");

  /// Poll it for EPOLLPRI: raised when a mount came or went since the last poll, or since this
  /// object was made (mounts_poll() in fs/proc_namespace.c: polling is what arms it again, reading
  /// is not). Level-triggered epoll does the right thing. Owned by this object.
  int fd() const { return mountinfo_.fd(); }

  /// What is behind each of `mount_points` now (absolute paths; symbolic links are followed when it
  /// is not a mount point itself), in their order. Reads mountinfo once, and sysfs, afresh.
  std::vector<MountFacts> find(const std::vector<std::string>& mount_points) const;

  /// Those of `paths` that are there and on block devices, in their order, with every device they
  /// stand on. Symbolic links are followed. A path on a network file system is not looked at.
  std::vector<SystemMount> system_mounts(const std::vector<std::string>& paths) const;

  /// BlockDevice::identity of what has this number now; empty when nothing has.
  std::string identity_of(Devnum devnum) const;

  MountFacts find(const std::string& mount_point) const {
    return find(std::vector{mount_point})[0];
  }

 private:
  std::vector<Mount> read_mounts() const;
  MountFacts find_one(const std::vector<Mount>& mounts, const std::string& mount_point) const;
  MountFacts behind(const std::string& path, const Mount& mount) const;
  MountFacts stack_of(const std::string& path, const Mount& mount) const;

  File mountinfo_;
  BlockDevices devices_;
};

}  // namespace iopslimit
