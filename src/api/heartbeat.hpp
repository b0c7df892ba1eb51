// SPDX-License-Identifier: Apache-2.0
// A file whose time of change says that the loop turns, for probes where there is no bus:
// /run/iops-limitd/alive. It is renewed when somebody asks: nobody is woken for nothing.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "api/bus_codec.hpp"
#include "loop/event_loop.hpp"
#include "loop/file.hpp"

namespace iopslimit {

class Heartbeat {
 public:
  /// A loop whose last answer is older than this, and that gives none now, stands still.
  static constexpr std::chrono::seconds longest{30};

  /// Renews the file now and whenever somebody opens it. One that cannot be written is an old one:
  /// nothing else suffers.
  Heartbeat(EventLoop& loop, std::string path);
  /// Removes the file: a service that was stopped does not beat.
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  static int requested(sd_event_source* source, int fd, std::uint32_t events, void* self) noexcept;

  EventLoop& loop_;
  std::string path_;
  File inotify_;
  std::unique_ptr<sd_event_source, BusUnref> source_;
};

/// Seconds since the last beat, after asking for one and waiting for it a second at most; nothing
/// when there is no such file.
std::optional<std::chrono::seconds> since_beat(const std::string& path);

}  // namespace iopslimit
