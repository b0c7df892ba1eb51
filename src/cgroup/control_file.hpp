// SPDX-License-Identifier: Apache-2.0
// Opens, reads and writes the limit files of a cgroup, in the same way on v1 and v2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "loop/file.hpp"

namespace iopslimit {

/// Opens the root of a hierarchy, so that files below it can be opened. Throws std::system_error.
File open_hierarchy(const std::string& root);

/// Whether the directory of a cgroup is below the root without a link on the way. `cgroup` has a
/// name. For paths that a file gave, not the kernel. Error: ControlError::cgroup_gone, or the
/// system's own.
std::error_code check_beneath(const std::string& root, const std::string& cgroup);

/// Opens limit files. Keeps the parent directory of the last cgroup open, because the containers of
/// a pod come one after another, and the kernel waits at each directory of a path for any process
/// that creates a cgroup (kernfs_dop_revalidate(), fs/kernfs/dir.c).
class ControlFiles {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit ControlFiles(const std::string& root) : root_(open_hierarchy(root)) {}

  /// Opens `file` of `cgroup` (starts with '/') for reading and writing. Neither the file nor the
  /// parent directory of the cgroup may be a symbolic link. Error: ControlError::cgroup_gone,
  /// ControlError::controller_missing, or the system's own.
  Result<File> open(std::string_view cgroup, std::string_view file);

 private:
  File root_;
  std::string parent_;  // "." for the root itself
  File parent_folder_;
  std::string path_;  // kept to reuse its capacity
};

/// Reads the files of cgroups. Never writes, and needs no privileges.
class CgroupReader {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit CgroupReader(const std::string& root) : root_(open_hierarchy(root)) {}

  /// Returns the whole text of a cgroup's file, or nothing when it cannot be read. The result is
  /// valid until the next call.
  std::optional<std::string_view> read(const std::string& cgroup, std::string_view file);

 private:
  File root_;
  std::string path_;  // both kept to reuse their capacity
  std::string text_;
};

/// Writes one line in one write(2), because the kernel accepts one device for each write. Error:
/// ControlError::device_refused (ENODEV and EOPNOTSUPP while the cgroup exists),
/// ControlError::cgroup_gone, or the system's own.
std::error_code write_line(int fd, std::string_view line);

/// Reads a whole limit file. Error: ControlError::cgroup_gone, or the system's own.
std::error_code read_limit_file(int fd, std::string& text);

/// The largest size of a limit file: it has one line for each disk.
inline constexpr std::size_t max_limit_file = 1 << 20;

}  // namespace iopslimit
