// SPDX-License-Identifier: Apache-2.0
// The expected failures when a limit file of a cgroup is read or written.
#pragma once

#include <system_error>

namespace iopslimit {

/// Expected failures; other failures are the system's own errors.
enum class ControlError {
  cgroup_gone = 1,     ///< the container ended, so there is nothing to limit
  controller_missing,  ///< the cgroup exists but its limit file does not: the io controller is off
                       ///< in its parent
  device_refused,      ///< the kernel has no such disk, or supports no limits for it
  not_held,            ///< the kernel accepted the write but holds another value
};
std::error_code make_error_code(ControlError error);

}  // namespace iopslimit

template <>
struct std::is_error_code_enum<iopslimit::ControlError> : std::true_type {};
