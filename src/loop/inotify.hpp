// SPDX-License-Identifier: Apache-2.0
// Reads an inotify descriptor (inotify(7)).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "loop/file.hpp"

namespace iopslimit {

/// Opens a non-blocking inotify instance. Throws std::system_error whose text names the sysctl to
/// raise.
File open_inotify();

/// Passes the queued events to `handle`, in order, at most one buffer full. If there are more, the
/// descriptor stays readable, so that a flood of events does not keep other callbacks waiting. When
/// the buffer holds an IN_DELETE of an entry, the earlier events of that entry in the same buffer
/// are skipped: this saves the work for a directory that somebody creates and removes in a loop.
/// Throws std::system_error when the descriptor fails.
void read_inotify(
    int fd,
    const std::function<void(int descriptor, std::uint32_t mask, std::string_view name)>& handle);

}  // namespace iopslimit
