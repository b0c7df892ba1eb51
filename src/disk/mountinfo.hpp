// SPDX-License-Identifier: Apache-2.0
// The text of /proc/self/mountinfo as values (proc_pid_mountinfo(5)).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "disk/devnum.hpp"

namespace iopslimit {

/// One line of mountinfo; octal escapes (\040 and the like) are resolved.
struct Mount {
  Devnum devnum;            ///< st_dev of files on it; major 0 where no block device is behind it
  std::string root;         ///< the part of the file system that is mounted; a bind mount: not "/"
  std::string mount_point;  ///< where
  std::string file_system;  ///< "ext4", "tmpfs", "cgroup2"
  std::string source;       ///< "/dev/nvme0n1p1", "tmpfs"
  std::string super_options;  ///< per-superblock options: "rw,blkio"
  unsigned id = 0;            ///< the mount's own number
  unsigned parent = 0;        ///< the number of the mount that it is mounted on
  bool operator==(const Mount&) const = default;
};

/// Every line that is well formed, in the file's order. Lines that are not are left out: the kernel
/// writes this file, and one odd line must not hide /data.
std::vector<Mount> parse_mountinfo(std::string_view text);

/// The mount that a path lookup of `mount_point` ends in: of those with exactly this mount point
/// the one that no other covers, the last one listed when that does not tell. `mount_point` has no
/// symbolic links and no trailing slash.
std::optional<Mount> find_mount(const std::vector<Mount>& mounts, std::string_view mount_point);

/// The mount that holds `path` (absolute): the one at `path` itself or at the nearest folder above.
std::optional<Mount> holding_mount(const std::vector<Mount>& mounts, std::string_view path);

/// Why the mount's file system cannot carry a limit, and what to do instead; empty when it is on
/// block devices that the containers' own I/O reaches. "tmpfs lives in memory; mount a local disk
/// ..."
std::string refused_file_system(const Mount& mount);

/// Whether even a look at a path on it may wait for another machine or another process, or start an
/// automount.
bool may_hang(const Mount& mount);

}  // namespace iopslimit
