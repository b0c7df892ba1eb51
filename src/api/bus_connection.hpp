// SPDX-License-Identifier: Apache-2.0
// A connection to the system bus that reconnects automatically.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <memory>
#include <string>

#include "loop/timer.hpp"

namespace iopslimit {

/// $DBUS_SYSTEM_BUS_ADDRESS, or the default address of the system bus.
std::string system_bus_address();

/// Connects and requests a name (none if it is empty), and does both again after each loss of the
/// bus. Never blocks: watches for the bus socket until it exists, and reconnects one second after a
/// connection is lost.
class BusConnection {
 public:
  struct Handlers {
    /// A new connection starts; the handler registers its objects on it. A later connection may
    /// replace it at any time.
    std::function<void(sd_bus* bus)> begun;
    /// A message for the operator; a text is not repeated until it has changed.
    std::function<void(const std::string& text, bool wrong)> announce;
    /// bus() is available, for the first time or again. May be empty.
    std::function<void()> ready = {};
  };

  BusConnection(EventLoop& loop, std::string address, std::string name, Handlers handlers);
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;
  ~BusConnection() = default;

  /// The connection while it is established and owns the name, otherwise null: then nobody can
  /// receive signals.
  sd_bus* bus() const { return ready_ ? bus_.get() : nullptr; }

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };

  void begin();
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
  Timer reconnect_;
  bool ready_ = false;
  std::string announced_;
};

}  // namespace iopslimit
