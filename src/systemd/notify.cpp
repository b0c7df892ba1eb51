// SPDX-License-Identifier: Apache-2.0
#include "systemd/notify.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>

namespace iopslimit {

void Notifier::ready(const std::string& status) {
  status_ = status;
  sd_notify(0, ("READY=1\nSTATUS=" + status).c_str());
}

void Notifier::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  sd_notify(0, ("STATUS=" + text).c_str());
}

void Notifier::reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long long usec = static_cast<long long>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
  sd_notify(0, ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec)).c_str());
}

void Notifier::stopping() {
  sd_notify(0, "STOPPING=1");
}

}  // namespace iopslimit
