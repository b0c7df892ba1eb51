// SPDX-License-Identifier: Apache-2.0
// Reads the devices of a btrfs file system from /sys/fs/btrfs; stat(2) and mountinfo do not show
// them.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace iopslimit {

struct BtrfsMembers {
  std::vector<std::string> names;  ///< kernel names, sorted; without missing devices
  std::string profile;             ///< of file data: "raid1"; during a conversion: "raid1+single"
};

/// Returns the file system that contains the device `source`, which is given as in mountinfo
/// ("/dev/nvme0n1p1", "/dev/mapper/vg-data"). Returns nothing when no file system in /sys/fs/btrfs
/// contains it.
///
/// The lookup is by name because every other way needs more: for btrfs's ioctls the service would
/// have to open the mount point, which a service without capabilities may not be allowed to do, and
/// /dev has no disks when PrivateDevices= is set. btrfs itself keeps that name up to date
/// (btrfs_show_devname(), device_list_add()).
std::optional<BtrfsMembers> btrfs_members(const std::string& source);

}  // namespace iopslimit
