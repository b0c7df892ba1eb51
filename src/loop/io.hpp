// SPDX-License-Identifier: Apache-2.0
// Watches a file descriptor.
#pragma once

#include <cstdint>

#include "loop/event_source.hpp"

namespace iopslimit {

class Io : public EventSource {
 public:
  /// Calls back whenever `fd` has one of `events` (EPOLLIN, EPOLLPRI). Throws std::system_error.
  Io(EventLoop& loop, int fd, std::uint32_t events, EventLoop::Callback callback,
     Priority priority = Priority::normal);
};

}  // namespace iopslimit
