// SPDX-License-Identifier: Apache-2.0
// Opening and writing the limit files of a cgroup, the same way on v1 and v2.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "host/file.hpp"

namespace iopslimit {

/// Opens the root of a hierarchy for open_cgroup_file(). Throws std::system_error.
File open_hierarchy(const std::string& root);

/// Opens `file` of `cgroup` (starts with '/') for reading and writing, following no symbolic link
/// in the last two components. `path` is a buffer. Error: SinkError::cgroup_gone,
/// SinkError::controller_missing, or the system's own.
File open_cgroup_file(int root, std::string_view cgroup, std::string_view file, std::string& path,
                      std::error_code& error);

/// Writes one line in one write(2): the kernel takes one device a write. Error:
/// SinkError::device_refused (ENODEV and EOPNOTSUPP while the cgroup is there),
/// SinkError::cgroup_gone, or the system's own.
std::error_code write_line(int fd, std::string_view line);

/// Reads a whole limit file. Error: SinkError::cgroup_gone, or the system's own.
std::error_code read_limit_file(int fd, std::string& text);

/// No limit file is longer: one line for each disk.
inline constexpr std::size_t max_limit_file = 1 << 20;

}  // namespace iopslimit
