// SPDX-License-Identifier: Apache-2.0
#include "loop/inotify.hpp"

#include <sys/epoll.h>
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

Inotify::Inotify() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(last_error(), "epoll_create1");
  retry();
}

void Inotify::retry() {
  failure_.clear();
  if (instance_) return;
  instance_ = File(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  epoll_event event = {.events = EPOLLIN, .data = {}};
  if (instance_ && epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, instance_.fd(), &event) == 0) return;
  failure_ = "no inotify instance is left for root on this node (" + last_error().message() +
             "): raise the limit with: sysctl fs.inotify.max_user_instances=1024";
  instance_ = File();
}

int Inotify::watch(const std::string& path, std::uint32_t mask) {
  if (!instance_) return -1;
  const int descriptor = inotify_add_watch(instance_.fd(), path.c_str(), mask);
  if (descriptor < 0 && errno == ENOSPC) {
    failure_ =
        "no inotify watch is left on this node: raise the limit with: sysctl "
        "fs.inotify.max_user_watches=65536";
  } else if (descriptor < 0 && errno == ENOMEM) {
    failure_ = "the kernel has no memory for an inotify watch";
  }
  return descriptor;
}

void Inotify::unwatch(int descriptor) {
  inotify_rm_watch(instance_.fd(), descriptor);
}

void Inotify::read(const Handle& handle) {
  alignas(inotify_event) std::array<char, 65536> buffer;  // filled by read()
  ssize_t size = -1;
  do {
    size = ::read(instance_.fd(), buffer.data(), buffer.size());
  } while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || !instance_)) return;
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
