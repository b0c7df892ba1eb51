// SPDX-License-Identifier: Apache-2.0
// /sys/fs/btrfs: the devices of a btrfs file system, which stat(2) and mountinfo do not tell.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace iopslimit {

struct BtrfsMembers {
  std::vector<std::string> names;  ///< kernel names, sorted; those that are missing are not there
  std::string profile;  ///< of file data: "raid1"; two while it is converted: "raid1+single"
};

/// The file system that has the device `source`, as mountinfo names it ("/dev/nvme0n1p1",
/// "/dev/mapper/vg-data"). Nothing when none in /sys/fs/btrfs has it.
///
/// By name, because every other way needs more: btrfs's ioctls want the mount point opened, which a
/// service without capabilities may not be allowed to, and /dev has no disks where PrivateDevices=
/// is set. btrfs itself keeps that name up to date (btrfs_show_devname(), device_list_add()).
std::optional<BtrfsMembers> btrfs_members(const std::string& source);

}  // namespace iopslimit
