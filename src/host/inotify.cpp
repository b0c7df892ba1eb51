// SPDX-License-Identifier: Apache-2.0
#include "host/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <system_error>

namespace iopslimit {

File open_inotify() {
  File inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    throw std::system_error(
        last_error(), "cannot watch (inotify_init1; see sysctl fs.inotify.max_user_instances)");
  }
  return inotify;
}

void read_inotify(int fd, const std::function<void(int, std::uint32_t, std::string_view)>& handle) {
  constexpr std::size_t largest = sizeof(inotify_event) + NAME_MAX + 1;
  alignas(inotify_event) std::array<char, 16384> buffer;  // filled by read()
  for (;;) {
    const ssize_t size = read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) throw std::system_error(last_error(), "reading inotify events");
    for (const char* at = buffer.data(); at < buffer.data() + size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      handle(event->wd, event->mask,
             event->len != 0 ? std::string_view(event->name) : std::string_view());
      at += sizeof(inotify_event) + event->len;
    }
    // Room was left for one more: there was none. What came meanwhile makes the descriptor
    // readable.
    if (static_cast<std::size_t>(size) + largest <= buffer.size()) return;
  }
}

}  // namespace iopslimit
