// SPDX-License-Identifier: Apache-2.0
#include "systemd/notify.hpp"

#include <poll.h>
#include <systemd/sd-daemon.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <utility>

#include "loop/local_socket.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

constexpr std::chrono::milliseconds retry_delay{100};

std::string_view variable_of(std::string_view message) {
  return message.substr(0, message.find('='));
}

}  // namespace

Notifier::Notifier(EventLoop& loop)
    : loop_(loop),
      retry_(loop, [this] { send_waiting(); }),
      watchdog_(
          loop, [this] { send("WATCHDOG=1"); }, Priority::first) {}

Notifier::~Notifier() {
  constexpr int chances = 3;
  for (int chance = 0; chance < chances && !waiting_.empty(); ++chance) {
    poll(nullptr, 0, static_cast<int>(retry_delay.count()));
    send_waiting();
  }
}

void Notifier::ready(const std::string& status) {
  status_ = status;
  send("READY=1\nSTATUS=" + sanitize_utf8(status));
}

void Notifier::status(const std::string& text) {
  if (text == status_) return;
  status_ = text;
  send("STATUS=" + sanitize_utf8(text));
}

void Notifier::reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const long long usec = static_cast<long long>(now.tv_sec) * 1000000 + now.tv_nsec / 1000;
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(usec));
}

void Notifier::stopping() {
  send("STOPPING=1");
}

void Notifier::feed_watchdog() {
  std::uint64_t usec = 0;
  if (sd_watchdog_enabled(0, &usec) <= 0) return;
  send("WATCHDOG=1");
  watchdog_.every(std::chrono::microseconds(usec / 2));
}

void Notifier::send(std::string message) {
  std::erase_if(waiting_,
                [&](const std::string& old) { return variable_of(old) == variable_of(message); });
  waiting_.push_back(std::move(message));
  send_waiting();
}

void Notifier::send_waiting() {
  const char* path = std::getenv("NOTIFY_SOCKET");
  const auto socket = connect_datagram(path == nullptr ? "" : path);
  while (socket && !waiting_.empty()) {
    if (send_now(socket->fd(), waiting_.front()) < 0) {
      if (errno != EAGAIN) break;
      if (!loop_.is_over()) retry_.start(retry_delay);
      return;
    }
    waiting_.erase(waiting_.begin());
  }
  waiting_.clear();  // sent, or nobody is there
}

}  // namespace iopslimit
