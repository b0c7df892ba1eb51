// SPDX-License-Identifier: Apache-2.0
// A connection to the system bus that comes back by itself.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <memory>
#include <string>

#include "api/bus_codec.hpp"
#include "loop/event_loop.hpp"

namespace iopslimit {

/// $DBUS_SYSTEM_BUS_ADDRESS, or where the system bus is by default.
std::string system_bus_address();

/// Connects, owns a name (none when it is empty), and does both again whenever the bus was away.
/// Nothing here waits: before the bus is there its socket is watched for, and a lost connection is
/// made anew a second later.
class BusConnection {
 public:
  struct Handlers {
    /// A connection begins: objects belong on it. It may be replaced by another any time later.
    std::function<void(sd_bus* bus)> begun;
    /// For the operator; the same is not said again until it has changed.
    std::function<void(const std::string& text, bool wrong)> announce;
    /// bus() is there, for the first time or again. May be empty.
    std::function<void()> ready = {};
  };

  BusConnection(EventLoop& loop, std::string address, std::string name, Handlers handlers);
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;
  ~BusConnection() = default;

  /// The connection while it is made and the name is ours, else null: signals have nobody to go to
  /// then.
  sd_bus* bus() const { return ready_ ? bus_.get() : nullptr; }

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };

  void begin();
  void begin_later();
  void connected(sd_bus_message*);
  void named(sd_bus_message* reply);
  void set_ready();
  void announce(const std::string& text, bool wrong);
  template <void (BusConnection::*verb)(sd_bus_message*)>
  static int call(sd_bus_message* message, void* self, sd_bus_error*) noexcept;
  void lost(sd_bus_message*);

  EventLoop& loop_;
  std::string address_;
  std::string name_;
  Handlers handlers_;
  std::unique_ptr<sd_bus, Close> bus_;
  std::unique_ptr<sd_event_source, BusUnref> timer_;
  bool ready_ = false;
  std::string announced_;
};

}  // namespace iopslimit
