// SPDX-License-Identifier: Apache-2.0
// Who may change something: root, and whom polkit lets.
#pragma once

#include <systemd/sd-bus.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "api/bus_codec.hpp"

namespace iopslimit {

class Polkit {
 public:
  /// More questions at a time are refused: each stays open as long as somebody types a password.
  static constexpr std::size_t most_open = 64;

  Polkit() = default;
  Polkit(const Polkit&) = delete;
  Polkit& operator=(const Polkit&) = delete;
  ~Polkit() = default;

  /// Asks the bus for the caller's uid, then, unless that is root, polkit for `action`; waits for
  /// neither. Calls `granted`, which answers the call, or answers it with an error that says what
  /// is missing. When the connection is lost in between nothing is granted. A peer without a bus
  /// (PrivateSocket) is who the kernel says.
  void ask(sd_bus_message* call, const std::string& action, std::function<void()> granted);

 private:
  struct Question {
    Polkit* polkit;
    BusMessage call;
    std::string action;
    std::function<void()> granted;
    std::list<Question>::iterator place;
    std::unique_ptr<sd_bus_slot, BusUnref> slot;  // of the call that is not answered yet
  };
  using Answered = void (Polkit::*)(Question&, sd_bus_message* reply);

  template <Answered answered>
  static int answer(sd_bus_message* reply, void* question, sd_bus_error*) noexcept;
  template <Answered answered>
  void send(Question& question, sd_bus_message* message, std::uint64_t usec);
  static void ask_peer(sd_bus_message* call, const std::function<void()>& granted);
  void ask_polkit(Question& question, sd_bus_message* reply);
  void decide(Question& question, sd_bus_message* reply);
  void grant(Question& question);
  void refuse(Question& question, const char* error, const std::string& why);

  std::list<Question> open_;
};

}  // namespace iopslimit
