// SPDX-License-Identifier: Apache-2.0
#include "host/heartbeat.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <utility>

#include "host/clock.hpp"
#include "host/file.hpp"

namespace iopslimit {

Heartbeat::Heartbeat(EventLoop& loop, std::string path) : path_(std::move(path)) {
  sd_event_source* source = nullptr;
  check(sd_event_add_time_relative(loop.event(), &source, CLOCK_MONOTONIC, 0, 0, beat, this),
        "sd_event_add_time_relative");
  timer_.reset(source);
}

Heartbeat::~Heartbeat() {
  unlink(path_.c_str());
}

int Heartbeat::beat(sd_event_source* source, std::uint64_t, void* self) noexcept {
  constexpr std::uint64_t usec = std::chrono::microseconds(period).count();
  std::error_code error;
  const File file = open_at(AT_FDCWD, static_cast<Heartbeat*>(self)->path_.c_str(),
                            O_WRONLY | O_CREAT | O_NOFOLLOW, error);
  if (!error) futimens(file.fd(), nullptr);
  sd_event_source_set_time_relative(source, usec);
  sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
  return 0;
}

std::optional<std::chrono::seconds> since_beat(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0) return std::nullopt;
  const auto then = static_cast<std::uint64_t>(about.st_mtim.tv_sec);
  const std::uint64_t now = wall_seconds();
  return std::chrono::seconds(now > then ? now - then : 0);
}

}  // namespace iopslimit
