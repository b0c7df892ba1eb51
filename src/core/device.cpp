// SPDX-License-Identifier: Apache-2.0
#include "core/device.hpp"

#include <charconv>
#include <system_error>

namespace iopslimit {
namespace {

struct NamedKind {
  std::string_view prefix;
  std::string_view kind;
};

// The kernel's names for disks that io.max and blkio.throttle.* limit as they are.
constexpr std::string_view plain_prefixes[] = {"nvme", "sd", "vd", "xvd", "mmcblk"};

constexpr NamedKind dm_kinds[] = {
    {"LVM-", "the LVM volume"},
    {"CRYPT-", "the encrypted volume"},
    {"mpath-", "the device-mapper multipath disk"},
};

constexpr NamedKind other_kinds[] = {
    {"loop", "the loop device"},      {"zram", "the compressed memory disk"},
    {"ram", "the memory disk"},       {"nbd", "the network block device"},
    {"rbd", "the Ceph block device"}, {"drbd", "the replicated block device"},
    {"bcache", "the bcache device"},  {"zd", "the ZFS volume"},
};

bool is_plain(std::string_view name) {
  for (const std::string_view prefix : plain_prefixes) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

std::string_view dm_kind(std::string_view uuid) {
  // kpartx puts "part1-" in front of the uuid of the device that it cuts into partitions.
  if (uuid.starts_with("part")) uuid.remove_prefix(uuid.find('-') + 1);
  for (const NamedKind& one : dm_kinds) {
    if (uuid.starts_with(one.prefix)) return one.kind;
  }
  return "the device-mapper volume";
}

std::string named(std::string_view kind, const std::string& name, const std::string& detail) {
  std::string text = std::string(kind) + " " + name;
  if (!detail.empty()) text += " (" + detail + ")";
  return text;
}

std::string named_dm(const WholeDisk& disk) {
  const std::string_view kind = dm_kind(disk.dm_uuid);
  return disk.dm_name.empty() ? named(kind, disk.name, "") : named(kind, disk.dm_name, disk.name);
}

std::string stack_of(const WholeDisk& disk) {
  if (disk.name.starts_with("dm-")) return named_dm(disk);
  if (disk.name.starts_with("md")) return named("the md array", disk.name, disk.md_level);
  for (const NamedKind& one : other_kinds) {
    if (disk.name.starts_with(one.prefix)) return named(one.kind, disk.name, disk.backing_file);
  }
  return "the block device " + disk.name + ", which is of a kind this version does not know";
}

}  // namespace

std::string to_string(Devnum devnum) {
  return std::to_string(devnum.major) + ":" + std::to_string(devnum.minor);
}

std::optional<Devnum> parse_devnum(std::string_view text) {
  Devnum devnum;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, devnum.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != ':') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, devnum.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  return devnum;
}

std::string describe(const DataDevice& device) {
  std::string text = device.mount + " = " + device.file_system + " on " + device.volume;
  if (device.volume != device.disk) text += "; rule on " + device.disk;
  text += " (" + to_string(device.rule) + ")";
  if (!device.model.empty()) text += ", " + device.model;
  if (!device.serial.empty()) text += ", serial " + device.serial;
  if (device.namespace_id != 0) text += ", namespace " + std::to_string(device.namespace_id);
  return text;
}

std::string refused_disk(const WholeDisk& disk) {
  if (is_plain(disk.name)) return "";
  return stack_of(disk) +
         ": this version limits plain disks and partitions only; mount a plain disk or partition "
         "there, or set [device] mount to where one is mounted";
}

}  // namespace iopslimit
