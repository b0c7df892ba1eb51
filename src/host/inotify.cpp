// SPDX-License-Identifier: Apache-2.0
#include "host/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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
  alignas(inotify_event) std::array<char, 16384> buffer;  // filled by read()
  ssize_t size = -1;
  do {
    size = read(fd, buffer.data(), buffer.size());
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN) return;
  if (size < 0) throw std::system_error(last_error(), "reading inotify events");
  for (const char* at = buffer.data(); at < buffer.data() + size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(at);
    handle(event->wd, event->mask,
           event->len != 0 ? std::string_view(event->name) : std::string_view());
    at += sizeof(inotify_event) + event->len;
  }
}

}  // namespace iopslimit
