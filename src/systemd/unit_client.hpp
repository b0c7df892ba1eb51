// SPDX-License-Identifier: Apache-2.0
// systemd on the bus: the I/O limits of a unit as its properties, org.freedesktop.systemd1(5).
#pragma once

#include <systemd/sd-bus.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "api/bus_connection.hpp"
#include "loop/event_loop.hpp"
#include "systemd/unit_change.hpp"

namespace iopslimit {

/// The error for a unit that is not there, or no more.
inline constexpr const char* no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";

/// The call SetUnitProperties that sets all four limits of each device, at runtime: until the next
/// boot, or until the unit stops. A device has one name in all of them: systemd keeps an entry for
/// each path, and two paths to one disk overwrite each other. Throws std::system_error.
BusMessage set_limits_call(sd_bus* bus, const UnitChange& change);

struct SystemdWaits {
  std::uint64_t again_usec = 1000000;     ///< before systemd is asked again
  std::uint64_t silence_usec = 10000000;  ///< before it is said that it cannot be asked
  std::uint64_t finish_usec = 5000000;    ///< for the last answers
};

/// Asks and does not wait. Nothing happens on the bus before somebody asks.
class UnitClient {
 public:
  /// More units at a time are not asked: each makes systemd write all attributes of the unit.
  static constexpr std::size_t most_open = 32;
  struct Handlers {
    /// It can be asked: for the first time, or again.
    std::function<void()> ready;
    /// Every set() has one answer. `why`: its words, unless it is UnitAnswer::taken.
    std::function<void(const UnitChange&, UnitAnswer, const std::string& why)> answered;
    /// For the operator, once for each time that it cannot be asked.
    std::function<void(const std::string& text, bool wrong)> announce;
  };

  UnitClient(EventLoop& loop, std::string address, Handlers handlers, SystemdWaits waits = {});
  UnitClient(const UnitClient&) = delete;
  UnitClient& operator=(const UnitClient&) = delete;
  ~UnitClient() = default;

  /// False: nothing can be set now, `ready` comes when it can.
  bool reachable();
  /// Only when reachable(), and for a cgroup that unit_of() has a unit for.
  void set(const UnitChange& change);
  /// No more than most_open are asked.
  bool full() const { return calls_.size() >= most_open; }
  /// Calls `done` when nothing is asked any more and nothing waits for reachable(), or after a
  /// while.
  void finish(std::function<void()> done);

 private:
  struct Call {
    UnitClient* self;
    UnitChange change;
    std::list<Call>::iterator place;
    std::unique_ptr<sd_bus_slot, BusUnref> slot;
  };
  using Timer = std::unique_ptr<sd_event_source, BusUnref>;

  static int answer(sd_bus_message* reply, void* call, sd_bus_error*) noexcept;
  void take_answer(Call& call, sd_bus_message* reply);
  void complete(Call& call, UnitAnswer answer, const std::string& why);
  void wait_for_it();
  void connected();
  void rest();
  void broke_silence();
  template <void (UnitClient::*then)()>
  void start(Timer& timer, std::uint64_t usec);
  void ask_again();
  void say_silent();
  void end_when_done();
  void end();

  EventLoop& loop_;
  std::string address_;
  Handlers handlers_;
  SystemdWaits waits_;
  std::optional<BusConnection> link_;
  std::list<Call> calls_;
  Timer resting_;  // until it is asked again
  Timer silence_;  // until it is said that it cannot be asked
  Timer finish_;
  bool waiting_ = false;  // somebody was told that it is not reachable
  bool said_silent_ = false;
  std::string why_silent_ = "there is no connection to the system bus";
  std::function<void()> done_;
};

}  // namespace iopslimit
