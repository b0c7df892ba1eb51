// SPDX-License-Identifier: Apache-2.0
// What a data mount stands on, from the file system down to the disks.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "disk/devnum.hpp"

namespace iopslimit {

/// One block device of a stack, as sysfs has it. What a device does not have is empty.
struct BlockDevice {
  std::string name;  ///< kernel name: "nvme0n1p1", "dm-0", "md127"
  Devnum devnum;
  std::string whole;  ///< a partition's disk, by its kernel name; empty for everything else
  std::vector<std::string> slaves;  ///< kernel names of the devices right below, sorted
  std::string dm_uuid;              ///< device-mapper: "LVM-...", "CRYPT-LUKS2-...", "mpath-..."
  std::string dm_name;              ///< device-mapper: "vg-data"
  std::string md_level;             ///< md: "raid1"
  std::string backing_file;         ///< loop: "/var/lib/data.img"
  std::string model;
  std::string serial;
  unsigned namespace_id = 0;  ///< NVMe namespace, 0 when it is not NVMe
  /// Differs from that of any other device that ever had, or will have, the same number. Never
  /// empty.
  std::string identity;
  bool operator==(const BlockDevice&) const = default;
};

/// A mounted file system and everything below it.
struct DataStack {
  std::string mount;                 ///< where it is mounted: "/data"
  std::string file_system;           ///< "ext4"
  std::vector<std::string> members;  ///< kernel names of the devices that the file system itself is
                                     ///< on, sorted; several only for btrfs
  std::string profile;  ///< btrfs: how file data lies on the members: "single", "raid0", "raid1"
  /// The members, their whole disks, and all that is below them: each once, in the order walked.
  std::vector<BlockDevice> devices;
  bool operator==(const DataStack&) const = default;
};

/// The mount is not there now; the answer comes by itself when mountinfo changes. Not an error.
struct NotMounted {
  std::string why;  ///< "/data is not mounted: it is a plain directory on ext4 (/dev/vda1); ..."
  bool operator==(const NotMounted&) const = default;
};

/// The mount is on something that cannot carry a rule. An error for the operator.
struct Unsupported {
  std::string
      why;  ///< names it and says what to do: "/data is on tmpfs, which lives in memory: ..."
  bool operator==(const Unsupported&) const = default;
};

using MountFacts = std::variant<DataStack, NotMounted, Unsupported>;

/// A folder whose I/O a throttled disk would hold up, and every device it stands on.
struct SystemMount {
  std::string path;  ///< "/", "/var/lib/kubelet"
  std::vector<Devnum> devices;
  bool operator==(const SystemMount&) const = default;
};

/// One look at the disks.
struct DiskFacts {
  std::vector<MountFacts> mounts;  ///< one for each data mount, in the order of data_mounts()
  std::vector<SystemMount> system_mounts;  ///< for `shared_disk`
  /// What is at the numbers that were asked for now: its identity, or empty for no device.
  std::map<Devnum, std::string> identities;
};

}  // namespace iopslimit
