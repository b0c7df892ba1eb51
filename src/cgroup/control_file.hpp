// SPDX-License-Identifier: Apache-2.0
// Opening and writing the limit files of a cgroup, the same way on v1 and v2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "loop/file.hpp"

namespace iopslimit {

/// Opens the root of a hierarchy, to open files below it. Throws std::system_error.
File open_hierarchy(const std::string& root);

/// Opens limit files. The last one's parent stays open: a pod's containers come one after the
/// other, and at each directory of a path the kernel waits for whoever makes a cgroup
/// (kernfs_dop_revalidate(), fs/kernfs/dir.c).
class ControlFiles {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit ControlFiles(const std::string& root) : root_(open_hierarchy(root)) {}

  /// Opens `file` of `cgroup` (starts with '/') for reading and writing; neither it nor its parent
  /// is taken from behind a symbolic link. Error: ControlError::cgroup_gone,
  /// ControlError::controller_missing, or the system's own.
  File open(std::string_view cgroup, std::string_view file, std::error_code& error);

 private:
  File root_;
  std::string parent_;  // "." is the root itself
  File parent_folder_;
  std::string path_;  // kept for its capacity
};

/// Reads the files of cgroups, without writing and for everybody.
class CgroupReader {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit CgroupReader(const std::string& root) : root_(open_hierarchy(root)) {}

  /// The whole text of a cgroup's file; nothing when it cannot be read. Valid until the next call.
  std::optional<std::string_view> read(const std::string& cgroup, std::string_view file);

 private:
  File root_;
  std::string path_;  // kept for their capacity
  std::string text_;
};

/// Writes one line in one write(2): the kernel takes one device a write. Error:
/// ControlError::device_refused (ENODEV and EOPNOTSUPP while the cgroup is there),
/// ControlError::cgroup_gone, or the system's own.
std::error_code write_line(int fd, std::string_view line);

/// Reads a whole limit file. Error: ControlError::cgroup_gone, or the system's own.
std::error_code read_limit_file(int fd, std::string& text);

/// No limit file is longer: one line for each disk.
inline constexpr std::size_t max_limit_file = 1 << 20;

}  // namespace iopslimit
