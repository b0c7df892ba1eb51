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
/// connection is lost. A bus that does not answer counts as lost, and what waits for it is dropped.
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
    /// The bus that was there is away, and why; an empty text when it is back. May be empty.
    std::function<void(const std::string& why)> away = {};
  };

  BusConnection(EventLoop& loop, std::string address, std::string name, Handlers handlers);
  BusConnection(const BusConnection&) = delete;
  BusConnection& operator=(const BusConnection&) = delete;
  ~BusConnection() = default;

  /// The connection while it is established and owns the name, otherwise null: then nobody can
  /// receive signals.
  sd_bus* bus() const { return ready_ && sd_bus_is_open(bus_.get()) > 0 ? bus_.get() : nullptr; }
  /// Asks the bus whether it is alive, unless that is being asked. If it does not answer in time
  /// (25 s, sd_bus_get_method_call_timeout(3)), the connection is lost: open calls are answered
  /// with SD_BUS_ERROR_NO_REPLY.
  void probe();

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };

  void begin();
  void connected(sd_bus_message*);
  void named(sd_bus_message* reply);
  void probed(sd_bus_message* reply);
  void drop();
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
  bool probing_ = false;
  bool silent_ = false;  // the bus did not answer
  bool away_ = false;    // as the handlers know
  std::string announced_;
};

}  // namespace iopslimit
