// SPDX-License-Identifier: Apache-2.0
// Parses the text of /proc/self/mountinfo into values (proc_pid_mountinfo(5)).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "disk/devnum.hpp"

namespace iopslimit {

/// One line of mountinfo; octal escapes (\040 and the like) are resolved.
struct Mount {
  Devnum devnum;     ///< st_dev of files on it; major 0 when no block device is below it
  std::string root;  ///< the part of the file system that is mounted; not "/" for a bind mount
  std::string mount_point;    ///< where it is mounted
  std::string file_system;    ///< "ext4", "tmpfs", "cgroup2"
  std::string source;         ///< "/dev/nvme0n1p1", "tmpfs"
  std::string super_options;  ///< per-superblock options: "rw,blkio"
  unsigned id = 0;            ///< the mount's ID
  unsigned parent = 0;        ///< the ID of the mount that this one is mounted on
  bool operator==(const Mount&) const = default;
};

/// Returns every well-formed line, in the file's order. Other lines are skipped: the kernel writes
/// this file, and one odd line must not hide /data.
std::vector<Mount> parse_mountinfo(std::string_view text);

/// Returns the mount where a path lookup of `mount_point` ends. Of the mounts with exactly this
/// mount point, that is the one that no other covers, or the last one listed if that is not unique.
/// Returns nothing when another mount covers a folder above, so that the path ends elsewhere.
/// `mount_point` has no symbolic links and no trailing slash.
std::optional<Mount> find_mount(const std::vector<Mount>& mounts, std::string_view mount_point);

/// Returns the mount that holds `path` (absolute): the one at `path` itself or at the nearest
/// folder above.
std::optional<Mount> holding_mount(const std::vector<Mount>& mounts, std::string_view path);

/// Returns why the mount's file system cannot carry a limit, and what to do instead; empty when it
/// is on block devices that the containers' own I/O reaches. "tmpfs lives in memory; mount a local
/// disk ..."
std::string refused_file_system(const Mount& mount);

/// Whether any access to a path on this mount may wait for another machine or another process, or
/// start an automount.
bool may_hang(const Mount& mount);

}  // namespace iopslimit
