// SPDX-License-Identifier: Apache-2.0
// Uses /proc/self/mountinfo and udev to find the devices below a mount point, down to the disks.
#pragma once

#include <string>
#include <vector>

#include "disk/block_devices.hpp"
#include "disk/data_stack.hpp"
#include "disk/mountinfo.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// Finds the disks below mount points, and reports when a mount appears or disappears. (BlockEvents
/// in disk/block_events.hpp reports changes of the disks below.)
///
/// No function here throws because of anything that an operator or a device can cause. They throw
/// std::system_error when mountinfo or sysfs cannot be read now: nothing is known then, and the
/// caller tries again.
class MountResolver {
 public:
  /// Opens `mountinfo` (tests pass their own file). Throws std::system_error when that fails.
  explicit MountResolver(const std::string& mountinfo = "/proc/self/mountinfo");

  /// Poll this descriptor for EPOLLPRI. It is raised when a mount appeared or disappeared since the
  /// last poll, or since this object was made (mounts_poll() in fs/proc_namespace.c: polling rearms
  /// it, reading does not). Level-triggered epoll works. This object owns the descriptor.
  int fd() const { return mountinfo_.fd(); }

  /// Resolves each of `mount_points` as it is now, and returns the results in the same order. The
  /// paths are absolute; symbolic links are followed when the path is not itself a mount point.
  /// Each call reads mountinfo once, and sysfs, afresh.
  std::vector<MountFacts> find(const std::vector<std::string>& mount_points) const;

  /// Returns those of `paths` that exist and are on block devices, in their order, with every
  /// device below them. Symbolic links are followed. A path on a network file system is not
  /// accessed.
  std::vector<SystemMount> system_mounts(const std::vector<std::string>& paths) const;

  /// Returns the BlockDevice::identity of the device that has this number now; empty when there is
  /// none.
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
