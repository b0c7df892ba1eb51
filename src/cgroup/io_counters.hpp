// SPDX-License-Identifier: Apache-2.0
// Reads the I/O counters of a cgroup. This needs no privileges.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cgroup/control_file.hpp"
#include "cgroup/hierarchy.hpp"
#include "cgroup/io_stat.hpp"

namespace iopslimit {

/// The files of a cgroup that hold its counters: on v2 one, on v1 one for the I/Os and one for the
/// bytes.
class CounterFiles {
 public:
  using Names = std::array<std::string_view, 2>;  ///< the second may be empty

  explicit CounterFiles(CgroupVersion version) : one_(version == CgroupVersion::v2) {}

  /// The I/O of a cgroup and, on v2, of all below it.
  Names own() const;
  /// The I/O of a cgroup and of all below it.
  Names recursive() const;
  /// Adds the text of file `index` of the names to the counts.
  void add(std::string_view text, std::size_t index, IoCounts& counts) const;

 private:
  bool one_;
};

/// Keeps no file open: for cgroups that are read once, or seldom. See IoMeter.
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
  CounterFiles names_;
  CgroupReader files_;
};

}  // namespace iopslimit
