// SPDX-License-Identifier: Apache-2.0
// Reads the I/O counters of a cgroup. This needs no privileges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cgroup/control_file.hpp"
#include "cgroup/hierarchy.hpp"
#include "cgroup/io_stat.hpp"

namespace iopslimit {

class IoCounters {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit IoCounters(const Hierarchy& tree);

  std::optional<IoCounts> counts(const std::string& cgroup);
  /// See parse_io_pressure(). Nothing on v1, and where the kernel does not measure it.
  std::optional<std::uint64_t> stalled(const std::string& cgroup);
  /// Returns both; nothing when there are no counts.
  std::optional<IoDone> done(const std::string& cgroup);

 private:
  CgroupVersion version_;
  CgroupReader files_;
};

}  // namespace iopslimit
