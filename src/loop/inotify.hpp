// SPDX-License-Identifier: Apache-2.0
// Reading an inotify descriptor (inotify(7)).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "loop/file.hpp"

namespace iopslimit {

/// A non-blocking inotify instance. Throws std::system_error with the sysctl to raise.
File open_inotify();

/// Hands the queued events to `handle`, in order, one buffer full at most: while there are more the
/// descriptor stays readable, so that who makes events without end keeps nobody else waiting. What
/// a later IN_DELETE of the same buffer is about is left out until that comes: of a directory that
/// is made and removed in a loop there is little to do. Throws std::system_error when the
/// descriptor fails.
void read_inotify(
    int fd,
    const std::function<void(int descriptor, std::uint32_t mask, std::string_view name)>& handle);

}  // namespace iopslimit
