// SPDX-License-Identifier: Apache-2.0
// Reads the I/O counters of the same cgroups again and again.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>

#include "cgroup/hierarchy.hpp"
#include "cgroup/io_counters.hpp"
#include "cgroup/io_stat.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// Keeps the files of up to `most_kept` cgroups open: opening a file of a cgroup costs many times
/// what reading it costs. Never writes, and needs no privileges.
class IoMeter {
 public:
  static constexpr std::size_t most_kept = 256;

  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit IoMeter(const Hierarchy& tree);

  /// The I/O of a cgroup and, on v2, of all below it; nothing if it cannot be read.
  std::optional<IoCounts> counts(const std::string& cgroup) { return read(cgroup, names_.own()); }
  /// The I/O of a cgroup and of all below it, with removed ones on v2.
  std::optional<IoCounts> with_children(const std::string& cgroup) {
    return read(cgroup, names_.recursive());
  }
  void forget(const std::string& cgroup) { kept_.erase(cgroup); }
  void forget_all() { kept_.clear(); }
  std::size_t kept() const { return kept_.size(); }

 private:
  using Names = CounterFiles::Names;
  using Files = std::array<File, 2>;

  std::optional<IoCounts> read(const std::string& cgroup, const Names& names);
  bool open(const std::string& cgroup, const Names& names, Files& files);
  std::optional<IoCounts> parse(const Files& files);

  CounterFiles names_;
  File root_;
  std::map<std::string, Files> kept_;
  std::string path_;  // both kept to reuse their capacity
  std::string text_;
};

}  // namespace iopslimit
