// SPDX-License-Identifier: Apache-2.0
// Who calls the service on its connections, and which calls it refuses.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "api/bus_codec.hpp"
#include "api/call_budget.hpp"

namespace iopslimit {

/// Bounds what callers can make the service do and keep, whether they read its answers or not. The
/// bus is asked for a caller's uid in the background; until it answers, the caller is one of the
/// newcomers, who have a few calls each and share the budget for lists.
class Callers {
 public:
  /// Messages that wait on one connection; further calls are refused, and more than `most_silent`
  /// are dropped without an answer, because that would have to wait too.
  static constexpr std::uint64_t most_waiting = 128;
  static constexpr std::uint64_t most_silent = 512;
  /// Bytes of lists that wait for one user on one connection, for all of root's connections, and
  /// for all other users.
  static constexpr std::size_t most_of_one = 4U << 20U;
  static constexpr std::size_t most_of_root = 16U << 20U;
  static constexpr std::size_t most_of_others = 8U << 20U;

  /// Calls of one user whose answers are being made in pieces.
  static constexpr std::size_t most_at_work = 16;

  Callers() = default;
  Callers(const Callers&) = delete;
  Callers& operator=(const Callers&) = delete;
  ~Callers() = default;

  /// The service has a new connection to the bus, in place of the one before.
  void begin(sd_bus* bus);
  /// A connection without a bus has ended.
  void forget(sd_bus* connection);

  /// Whether the other side of the connection has yet to read something.
  static bool has_waiting(sd_bus* bus);
  /// Whether few enough messages wait that one more signal may.
  static bool may_signal(sd_bus* bus);

  /// True if the service is to answer the call. Otherwise it has been answered, or dropped.
  bool admit(sd_bus_message* call);
  /// The same for a call whose answer is a list. Ask before the list is made.
  bool admit_list(sd_bus_message* call);
  /// The same for a call whose answer is made in pieces. If it is to be answered, returns what
  /// end_work() is to be called with when the work is over.
  std::optional<std::uint32_t> begin_work(sd_bus_message* call);
  void end_work(sd_bus_message* call, std::uint32_t begun, std::chrono::duration<double> spent);
  /// Charges the caller with the time that an answer has taken.
  void charge(sd_bus_message* call, std::chrono::duration<double> spent) {
    budget_.charge(caller_of(call).uid, spent);
  }
  /// Sends the list, of about `bytes`, that answers the call.
  void send_list(sd_bus_message* call, sd_bus_message* reply, std::size_t bytes);

 private:
  struct Caller {
    std::uint32_t uid;
    unsigned calls = 0;                                // while it is a newcomer
    std::unique_ptr<sd_bus_slot, BusUnref> slot = {};  // of the question about its uid
  };

  Caller& caller_of(sd_bus_message* call);
  void ask_uid(sd_bus_message* call, Caller& caller);
  static int answered(sd_bus_message* reply, void* caller, sd_bus_error*) noexcept;
  bool has_room(sd_bus_message* call);

  sd_bus* bus_ = nullptr;
  CallBudget budget_;
  std::map<std::string, Caller> callers_;  // by their unique names, which the bus never gives again
  Caller peer_{0};                         // every caller without a bus: the socket is root's alone
  std::map<std::uint32_t, std::size_t> at_work_;  // calls whose answers are being made
  std::map<std::pair<sd_bus*, std::uint32_t>, std::size_t> waiting_;  // bytes of lists
};

}  // namespace iopslimit
