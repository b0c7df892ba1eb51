// SPDX-License-Identifier: Apache-2.0
// What systemd is told of one unit, and what it says to that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limit/rule.hpp"

namespace iopslimit {

/// The limits of one unit that systemd is to know, each for a device; an unlimited one is lifted.
struct UnitChange {
  std::string cgroup;
  std::vector<Rule> rules;
  bool operator==(const UnitChange&) const = default;
};

enum class UnitAnswer {
  taken,    ///< it knows them, and has written them to the kernel as far as it can
  refused,  ///< it never will
  no_unit,  ///< it knows no such unit, or none any more
  later     ///< it could not be asked just now
};

/// The unit whose cgroup this is: "kubepods.slice". Empty where the system's systemd made no unit
/// of it: a plain directory (cgroupfs driver), or what another systemd does inside a container.
std::string_view unit_of(std::string_view cgroup);

}  // namespace iopslimit
