// SPDX-License-Identifier: Apache-2.0
// Reads the rules that the kernel holds. Never writes, and needs no privileges.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroup/control_file.hpp"
#include "cgroup/hierarchy.hpp"
#include "limit/rule.hpp"

namespace iopslimit {

class RuleReader {
 public:
  /// Throws std::system_error when the hierarchy cannot be opened.
  explicit RuleReader(const Hierarchy& tree);

  /// Returns every rule of the cgroup, whoever wrote it. Returns nothing when its files cannot be
  /// read: the cgroup is gone, or the controller is off.
  std::optional<std::vector<Rule>> rules(const std::string& cgroup);

 private:
  CgroupVersion version_;
  CgroupReader files_;
};

}  // namespace iopslimit
