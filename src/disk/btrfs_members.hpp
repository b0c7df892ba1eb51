// SPDX-License-Identifier: Apache-2.0
// Reads the devices of a btrfs file system from /sys/fs/btrfs; stat(2) and mountinfo do not show
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "disk/mountinfo.hpp"

namespace iopslimit {

struct BtrfsMembers {
  std::vector<std::string> names;  ///< kernel names, sorted; without missing devices
  std::string profile;             ///< of file data: "raid1"; during a conversion: "raid1+single"
};

/// Returns the file system that is mounted there. statfs(2) on the mount point has its id; that
/// needs no open and no capability. A service in a container does not see the mount point: then it
/// is the only btrfs that the kernel has, or the one with a device of the name in mountinfo
/// ("/dev/nvme0n1p1", "/dev/mapper/vg-data"), which btrfs keeps up to date (btrfs_show_devname(),
/// device_list_add()) but which may be any path that a device was scanned by ("/dev/root"). Returns
/// nothing when none of these leads to a file system in /sys/fs/btrfs.
std::optional<BtrfsMembers> btrfs_members(const Mount& mount);

/// Returns the id that statfs(2) reports for a subvolume of the file system `fsid` (its UUID):
/// btrfs_statfs() in fs/btrfs/super.c. Returns nothing when `fsid` is not a UUID.
std::optional<std::uint64_t> btrfs_statfs_id(std::string_view fsid, std::uint64_t subvolume);

}  // namespace iopslimit
