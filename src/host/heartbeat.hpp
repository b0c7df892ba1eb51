// SPDX-License-Identifier: Apache-2.0
// A file whose time of change says that the loop turns, for probes where there is no bus:
// /run/iops-limitd/alive.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "host/bus_fields.hpp"
#include "host/event_loop.hpp"

namespace iopslimit {

class Heartbeat {
 public:
  static constexpr std::chrono::seconds period{10};

  /// Renews the file now and every `period` from then on. One that cannot be written is an old one:
  /// nothing else suffers.
  Heartbeat(EventLoop& loop, std::string path);
  /// Removes the file: a service that was stopped does not beat.
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  static int beat(sd_event_source* source, std::uint64_t, void* self) noexcept;

  std::string path_;
  std::unique_ptr<sd_event_source, BusUnref> timer_;
};

/// Seconds since the last beat; nothing when there is no such file.
std::optional<std::chrono::seconds> since_beat(const std::string& path);

}  // namespace iopslimit
