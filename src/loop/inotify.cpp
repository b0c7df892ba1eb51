// SPDX-License-Identifier: Apache-2.0
#include "loop/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <system_error>
#include <utility>

namespace iopslimit {
namespace {

using Entry = std::pair<int, std::string_view>;  // a watch descriptor and a name in its directory

Entry entry_of(const inotify_event& event) {
  return {event.wd, event.len != 0 ? std::string_view(event.name) : std::string_view()};
}

template <typename See>
void each_event(std::string_view batch, const See& see) {
  while (!batch.empty()) {
    const auto* event = reinterpret_cast<const inotify_event*>(batch.data());
    see(*event);
    batch.remove_prefix(sizeof(inotify_event) + event->len);
  }
}

}  // namespace

File open_inotify() {
  File inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    throw std::system_error(
        last_error(), "cannot watch (inotify_init1; see sysctl fs.inotify.max_user_instances)");
  }
  return inotify;
}

void read_inotify(int fd, const std::function<void(int, std::uint32_t, std::string_view)>& handle) {
  alignas(inotify_event) std::array<char, 65536> buffer;  // filled by read()
  ssize_t size = -1;
  do {
    size = read(fd, buffer.data(), buffer.size());
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN) return;
  if (size < 0) throw std::system_error(last_error(), "reading inotify events");
  const std::string_view batch(buffer.data(), static_cast<std::size_t>(size));
  std::map<Entry, const inotify_event*> removed;  // the last removal of each entry
  each_event(batch, [&removed](const inotify_event& event) {
    if ((event.mask & IN_DELETE) != 0) removed[entry_of(event)] = &event;
  });
  each_event(batch, [&removed, &handle](const inotify_event& event) {
    const Entry entry = entry_of(event);
    const auto removal = removed.find(entry);
    if (removal == removed.end() || removal->second <= &event)
      handle(event.wd, event.mask, entry.second);
  });
}

}  // namespace iopslimit
