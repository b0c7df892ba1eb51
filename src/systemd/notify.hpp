// SPDX-License-Identifier: Apache-2.0
// sd_notify(3): what systemd is told about us. Without systemd every call does nothing.
#pragma once

#include <string>

namespace iopslimit {

class Notifier {
 public:
  void ready(const std::string& status);
  /// Only sends when the text changed.
  void status(const std::string& text);
  /// RELOADING=1 with MONOTONIC_USEC, followed by ready() when the reload is over.
  void reloading();
  void stopping();

 private:
  std::string status_;
};

}  // namespace iopslimit
