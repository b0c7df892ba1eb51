// SPDX-License-Identifier: Apache-2.0
// Notifies systemd of the service's state, sd_notify(3). Without systemd every call does nothing.
#pragma once

#include <string>

namespace iopslimit {

class Notifier {
 public:
  void ready(const std::string& status);
  /// Sends the text only if it has changed.
  void status(const std::string& text);
  /// Sends RELOADING=1 with MONOTONIC_USEC; call ready() when the reload is over.
  void reloading();
  void stopping();

 private:
  std::string status_;
};

}  // namespace iopslimit
