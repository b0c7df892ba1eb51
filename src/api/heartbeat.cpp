// SPDX-License-Identifier: Apache-2.0
#include "api/heartbeat.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <utility>

#include "loop/clock.hpp"
#include "loop/inotify.hpp"

namespace iopslimit {
namespace {

constexpr int patience_msec = 1000;

// The watch stands before the file is opened: no answer comes too early to be seen.
void ask(const std::string& path) {
  const File inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify || inotify_add_watch(inotify.fd(), path.c_str(), IN_ATTRIB) < 0) return;
  std::error_code error;
  const File opened = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_NOFOLLOW, error);
  pollfd answer{.fd = inotify.fd(), .events = POLLIN};
  if (!error) poll(&answer, 1, patience_msec);
}

}  // namespace

Heartbeat::Heartbeat(EventLoop& loop, std::string path)
    : loop_(loop), path_(std::move(path)), inotify_(open_inotify()) {
  std::error_code error;
  const File file = open_at(AT_FDCWD, path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW, error);
  if (error) return;
  fchmod(file.fd(), 0644);  // whoever may look may ask
  futimens(file.fd(), nullptr);
  if (inotify_add_watch(inotify_.fd(), path_.c_str(), IN_OPEN | IN_DONT_FOLLOW) < 0) return;
  sd_event_source* source = nullptr;
  check(sd_event_add_io(loop_.event(), &source, inotify_.fd(), EPOLLIN, requested, this),
        "sd_event_add_io");
  source_.reset(source);
}

Heartbeat::~Heartbeat() {
  unlink(path_.c_str());
}

// By its name: opening the file would be a question again.
int Heartbeat::requested(sd_event_source*, int, std::uint32_t, void* self) noexcept {
  const auto* beat = static_cast<Heartbeat*>(self);
  try {
    read_inotify(beat->inotify_.fd(), [](int, std::uint32_t, std::string_view) {});
  } catch (...) {
    beat->loop_.fail();
  }
  utimensat(AT_FDCWD, beat->path_.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return 0;
}

std::optional<std::chrono::seconds> since_beat(const std::string& path) {
  ask(path);
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  const auto then = static_cast<std::uint64_t>(status.st_mtim.tv_sec);
  const std::uint64_t now = wall_seconds();
  return std::chrono::seconds(now > then ? now - then : 0);
}

}  // namespace iopslimit
