// SPDX-License-Identifier: Apache-2.0
// Sets the I/O limits of a unit as its properties through systemd on the bus,
// org.freedesktop.systemd1(5).
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "api/bus_codec.hpp"
#include "api/bus_connection.hpp"
#include "loop/timer.hpp"
#include "systemd/unit_change.hpp"

namespace iopslimit {

/// The error for a unit that does not exist, or no longer exists.
inline constexpr const char* no_such_unit = "org.freedesktop.systemd1.NoSuchUnit";

/// Builds the call SetUnitProperties that sets all four limits of each device at runtime: until the
/// next boot, or until the unit stops. A device has the same name in every call: systemd keeps one
/// entry for each path, and two paths to one disk would overwrite each other. Throws
/// std::system_error.
BusMessage set_limits_call(sd_bus* bus, const UnitChange& change);

struct SystemdWaits {
  /// Until systemd is asked again.
  std::chrono::microseconds again = std::chrono::seconds(1);
  /// Until the operator is warned that it is unreachable.
  std::chrono::microseconds silence = std::chrono::seconds(10);
  /// How long finish() waits for the last answers.
  std::chrono::microseconds finish = std::chrono::seconds(5);
};

/// Sends its calls without blocking. Connects to the bus only at the first request.
class UnitClient {
 public:
  /// The limit of calls open at a time: each makes systemd write all attributes of a unit.
  static constexpr std::size_t most_open = 32;
  struct Handlers {
    /// systemd is reachable, for the first time or again.
    std::function<void()> ready;
    /// Called exactly once for each set(). `why` is the error text, unless the answer is
    /// UnitAnswer::taken.
    std::function<void(const UnitChange&, UnitAnswer, const std::string& why)> answered;
    /// A message for the operator, once for each period in which systemd is unreachable.
    std::function<void(const std::string& text, bool wrong)> announce;
  };

  UnitClient(EventLoop& loop, std::string address, Handlers handlers, SystemdWaits waits = {});
  UnitClient(const UnitClient&) = delete;
  UnitClient& operator=(const UnitClient&) = delete;
  ~UnitClient() = default;

  /// False if nothing can be set now; `ready` is called when it can.
  bool reachable();
  /// Call it only if reachable(), and only for a cgroup with a unit (unit_of()).
  void set(const UnitChange& change);
  /// True while most_open calls are open.
  bool full() const { return calls_.size() >= most_open; }
  /// Calls `done` when no call is open and nothing waits for reachable(), at the latest after
  /// SystemdWaits::finish.
  void finish(std::function<void()> done);

 private:
  struct Call {
    UnitClient* self;
    UnitChange change;
    std::list<Call>::iterator place;
    std::unique_ptr<sd_bus_slot, BusUnref> slot;
  };

  static int answer(sd_bus_message* reply, void* call, sd_bus_error*) noexcept;
  void take_answer(Call& call, sd_bus_message* reply);
  void complete(Call& call, UnitAnswer answer, const std::string& why);
  void wait_for_it();
  void connected();
  void rest();
  void broke_silence();
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
  Timer resting_;  // until systemd is asked again
  Timer silence_;  // until the operator is warned that systemd is unreachable
  Timer finish_;
  bool waiting_ = false;  // reachable() has returned false, so `ready` is due
  bool said_silent_ = false;
  std::string why_silent_ = "there is no connection to the system bus";
  std::function<void()> done_;
};

}  // namespace iopslimit
