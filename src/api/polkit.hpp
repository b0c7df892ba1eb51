// SPDX-License-Identifier: Apache-2.0
// Authorization: root may change something, and so may any caller that polkit allows.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "api/bus_codec.hpp"

namespace iopslimit {

class Polkit {
 public:
  /// Questions to polkit that are open at once, for one user and for all together: each stays open
  /// while a user types a password. Further ones are refused. Root never waits for polkit.
  static constexpr std::size_t most_of_one_user = 4;
  static constexpr std::size_t most_open = 64;
  /// So long may a user take for the password.
  static constexpr std::chrono::minutes patience{2};

  Polkit() = default;
  Polkit(const Polkit&) = delete;
  Polkit& operator=(const Polkit&) = delete;
  ~Polkit() = default;

  /// Asks the bus for the caller's uid and then, unless the caller is root, asks polkit about
  /// `action`; blocks on neither. Calls `granted`, which answers the call, or answers the call with
  /// an error that names the missing privilege. If the connection is lost in between, nothing is
  /// granted. A peer without a bus (PrivateSocket) is authenticated by the socket's peer
  /// credentials.
  void ask(sd_bus_message* call, const std::string& action, std::function<void()> granted);

 private:
  struct Question {
    Polkit* polkit;
    BusMessage call;
    std::string action;
    std::function<void()> granted;
    std::list<Question>::iterator place;
    std::unique_ptr<sd_bus_slot, BusUnref> slot;    // of the pending call
    std::unique_ptr<sd_bus_slot, BusUnref> gone;    // hears of the caller's end
    std::optional<std::uint32_t> asked_about = {};  // the user, once polkit is asked
  };
  using Answered = void (Polkit::*)(Question&, sd_bus_message* reply);

  template <Answered answered>
  static int answer(sd_bus_message* reply, void* question, sd_bus_error*) noexcept;
  template <Answered answered>
  void send(Question& question, sd_bus_message* message, std::uint64_t usec);
  static void ask_peer(sd_bus_message* call, const std::function<void()>& granted);
  static int caller_gone(sd_bus_message*, void* question, sd_bus_error*) noexcept;
  bool has_room_for(std::uint32_t uid) const;
  void ask_polkit(Question& question, sd_bus_message* reply);
  void decide(Question& question, sd_bus_message* reply);
  void grant(Question& question);
  void refuse(Question& question, const char* error, const std::string& why);

  std::list<Question> open_;
};

}  // namespace iopslimit
