// SPDX-License-Identifier: Apache-2.0
#include "loop/io.hpp"

#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"

namespace iopslimit {

Io::Io(EventLoop& loop, int fd, std::uint32_t events, EventLoop::Callback callback,
       Priority priority)
    : EventSource(loop, std::move(callback), priority) {
  const auto ready = [](sd_event_source*, int, std::uint32_t, void* self) noexcept {
    const auto* io = static_cast<const Io*>(self);
    return guard(io->loop(), [io] { io->call(); });
  };
  sd_event_source* source = nullptr;
  check(sd_event_add_io(loop.event(), &source, fd, events, ready, this), "sd_event_add_io");
  adopt(source);
}

}  // namespace iopslimit
