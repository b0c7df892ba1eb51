// SPDX-License-Identifier: Apache-2.0
// The devices below a data mount, from the file system down to the disks.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "disk/devnum.hpp"

namespace iopslimit {

/// One block device of a stack, as sysfs describes it. Fields that the device does not have are
/// empty.
struct BlockDevice {
  std::string name;  ///< kernel name: "nvme0n1p1", "dm-0", "md127"
  Devnum devnum;
  std::string whole;  ///< kernel name of a partition's disk; empty for everything else
  std::vector<std::string> slaves;  ///< kernel names of the devices directly below, sorted
  std::string dm_uuid;              ///< device-mapper: "LVM-...", "CRYPT-LUKS2-...", "mpath-..."
  std::string dm_name;              ///< device-mapper: "vg-data"
  std::string md_level;             ///< md: "raid1"
  std::string backing_file;         ///< loop: "/var/lib/data.img"
  std::string model;
  std::string serial;
  unsigned namespace_id = 0;  ///< NVMe namespace; 0 for other devices
  /// Differs from the identity of every other device that ever had, or will have, the same number.
  /// Never empty.
  std::string identity;
  bool operator==(const BlockDevice&) const = default;
};

/// A mounted file system and all devices below it.
struct DataStack {
  std::string mount;                 ///< where it is mounted: "/data"
  std::string file_system;           ///< "ext4"
  std::vector<std::string> members;  ///< kernel names of the devices that hold the file system
                                     ///< itself, sorted; more than one only for btrfs
  std::string profile;  ///< btrfs: how file data is spread over them: "single", "raid0", "raid1"
  /// The members, their whole disks, and all devices below them: each once, in the order of the
  /// walk.
  std::vector<BlockDevice> devices;
  bool operator==(const DataStack&) const = default;
};

/// The mount does not exist now. It is resolved again when mountinfo changes. This is not an error.
struct NotMounted {
  std::string why;  ///< "/data is not mounted: it is a plain directory on ext4 (/dev/vda1); ..."
  bool operator==(const NotMounted&) const = default;
};

/// The mount is on something that cannot carry a rule. This is an error for the operator.
struct Unsupported {
  std::string why;  ///< names it and the remedy: "/data is on tmpfs, which lives in memory: ..."
  bool operator==(const Unsupported&) const = default;
};

using MountFacts = std::variant<DataStack, NotMounted, Unsupported>;

/// A folder whose I/O a throttled disk would delay, and every device below it.
struct SystemMount {
  std::string path;  ///< "/", "/var/lib/kubelet"
  std::vector<Devnum> devices;
  bool operator==(const SystemMount&) const = default;
};

/// The result of one scan of the disks.
struct DiskFacts {
  std::vector<MountFacts> mounts;  ///< one for each data mount, in the order of data_mounts()
  std::vector<SystemMount> system_mounts;  ///< for `shared_disk`
  /// The identity of the device that has each requested number now; empty when there is no such
  /// device.
  std::map<Devnum, std::string> identities;
};

}  // namespace iopslimit
