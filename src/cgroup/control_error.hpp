// SPDX-License-Identifier: Apache-2.0
// What can be expected to go wrong with a limit file of a cgroup.
#pragma once

#include <system_error>

namespace iopslimit {

/// Expected failures, besides the system's own errors.
enum class ControlError {
  cgroup_gone = 1,     ///< the container ended; nothing is left to limit
  controller_missing,  ///< the cgroup is there, its limit file is not: the io controller is off in
                       ///< its parent
  device_refused,      ///< the kernel has no such disk, or no limits for it
  not_held,            ///< the kernel took the write and holds something else
};
std::error_code make_error_code(ControlError error);

}  // namespace iopslimit

template <>
struct std::is_error_code_enum<iopslimit::ControlError> : std::true_type {};
