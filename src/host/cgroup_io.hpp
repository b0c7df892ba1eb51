// SPDX-License-Identifier: Apache-2.0
// What a cgroup holds and did, read without writing: everybody may.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/io_stat.hpp"
#include "core/rule.hpp"
#include "host/cgroup_tree.hpp"
#include "host/file.hpp"

namespace iopslimit {

class CgroupIo {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit CgroupIo(const CgroupTree& tree);

  /// Every rule of the cgroup, whoever wrote it. Nothing when its files cannot be read: it is gone,
  /// or the controller is off.
  std::optional<std::vector<Rule>> rules(const std::string& cgroup);
  std::optional<IoCounts> counts(const std::string& cgroup);
  /// See parse_io_pressure(). Nothing on v1, and where the kernel does not measure it.
  std::optional<std::uint64_t> stalled(const std::string& cgroup);
  /// Both; nothing when there are no counts.
  std::optional<IoDone> done(const std::string& cgroup);

 private:
  bool read(const std::string& cgroup, std::string_view file);

  CgroupVersion version_;
  File root_;
  std::string path_;  // kept for their capacity
  std::string text_;
};

}  // namespace iopslimit
