// SPDX-License-Identifier: Apache-2.0
// Notifies systemd of the service's state, sd_notify(3). Without systemd every call does nothing.
#pragma once

#include <string>
#include <vector>

#include "loop/timer.hpp"

namespace iopslimit {

/// Never waits for systemd: sd_notify() would, while the socket is full. The newest message of each
/// kind is sent once there is room.
class Notifier {
 public:
  explicit Notifier(EventLoop& loop);
  /// Gives systemd a moment to take what is left.
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void ready(const std::string& status);
  /// Sends the text only if it has changed.
  void status(const std::string& text);
  /// Sends RELOADING=1 with MONOTONIC_USEC; call ready() when the reload is over.
  void reloading();
  void stopping();
  /// Sends WATCHDOG=1 while the loop runs, if the unit has a watchdog (WatchdogSec=).
  void feed_watchdog();

 private:
  void send(std::string message);
  void send_waiting();

  EventLoop& loop_;
  std::string status_;
  std::vector<std::string> waiting_;
  Timer retry_;
  Timer watchdog_;
};

}  // namespace iopslimit
