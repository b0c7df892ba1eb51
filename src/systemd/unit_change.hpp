// SPDX-License-Identifier: Apache-2.0
// A change of one unit's limits that the service sends to systemd, and systemd's answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limit/rule.hpp"

namespace iopslimit {

/// The limits of one unit to set in systemd, one for each device; an unlimited one removes the
/// limit.
struct UnitChange {
  std::string cgroup;
  std::vector<Rule> rules;
  bool operator==(const UnitChange&) const = default;
};

enum class UnitAnswer {
  taken,    ///< systemd has stored the limits and written them to the kernel as far as it can
  refused,  ///< systemd will never accept them
  no_unit,  ///< systemd has no such unit, or no longer has it
  later     ///< systemd could not be reached at the moment
};

/// The unit that a cgroup belongs to: "kubepods.slice". Empty if the system's systemd has no unit
/// for it: a plain directory (cgroupfs driver), or a unit of another systemd inside a container.
std::string_view unit_of(std::string_view cgroup);

}  // namespace iopslimit
