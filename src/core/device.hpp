// SPDX-License-Identifier: Apache-2.0
// The block device behind a data mount, as values.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace iopslimit {

/// A block device's number, the name the kernel knows it by in io.max and blkio.throttle.*.
struct Devnum {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const Devnum&) const = default;
};

/// "259:0", as the kernel prints it.
std::string to_string(Devnum devnum);

/// Reads "259:0"; nothing else may stand before, between or after the two numbers.
std::optional<Devnum> parse_devnum(std::string_view text);

/// The file system behind a data mount and the disk that carries the rule for it.
struct DataDevice {
  std::string mount;        ///< where it is mounted: "/data"
  std::string file_system;  ///< "ext4"
  std::string volume;       ///< kernel name of the block device the file system is on: "nvme0n1p1"
  Devnum volume_devnum;
  std::string disk;    ///< kernel name of the whole disk: "nvme0n1"
  Devnum rule;         ///< the devnum a rule must name (the whole disk: a partition is ENODEV)
  std::string model;   ///< empty when unknown
  std::string serial;  ///< empty when unknown
  unsigned namespace_id = 0;  ///< NVMe namespace, 0 when the disk is not NVMe
  bool operator==(const DataDevice&) const = default;
};

/// "/data = ext4 on nvme0n1p1; rule on nvme0n1 (259:0), QEMU NVMe Ctrl, serial aa, namespace 1";
/// what is unknown is left out.
std::string describe(const DataDevice& device);

/// What tells a plain disk from a stack of disks. Empty where the device has no such thing.
struct WholeDisk {
  std::string name;          ///< kernel name: "nvme0n1", "dm-0", "md127"
  std::string dm_uuid;       ///< device-mapper: "LVM-...", "CRYPT-LUKS2-...", "mpath-..."
  std::string dm_name;       ///< device-mapper: "vg-data"
  std::string md_level;      ///< md: "raid1"
  std::string backing_file;  ///< loop: "/var/lib/data.img"
};

/// Why a limit cannot go on it, and what to do instead; empty for a plain disk.
/// "the LVM volume vg-data (dm-0): this version limits plain disks and partitions only; ..."
std::string refused_disk(const WholeDisk& disk);

}  // namespace iopslimit
