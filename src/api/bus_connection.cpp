// SPDX-License-Identifier: Apache-2.0
#include "api/bus_connection.hpp"

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"

namespace iopslimit {
namespace {

constexpr std::chrono::seconds reconnect_delay{1};
constexpr const char* not_affected =
    "; limits are not affected, iopsctl works again when it is back";

// The error of a call that was not answered in time, and of one whose connection is lost.
bool is_unanswered(sd_bus_message* reply) {
  return sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY) > 0;
}

}  // namespace

std::string system_bus_address() {
  const char* given = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
  return given != nullptr ? given : "unix:path=/run/dbus/system_bus_socket";
}

BusConnection::BusConnection(EventLoop& loop, std::string address, std::string name,
                             Handlers handlers)
    : loop_(loop),
      address_(std::move(address)),
      name_(std::move(name)),
      handlers_(std::move(handlers)),
      reconnect_(loop, [this] { begin(); }) {
  begin();
}

template <void (BusConnection::*verb)(sd_bus_message*)>
int BusConnection::call(sd_bus_message* message, void* self, sd_bus_error*) noexcept {
  auto* link = static_cast<BusConnection*>(self);
  return guard(link->loop_, [=] { (link->*verb)(message); });
}

// sd-bus queues the calls made here until the bus is available.
void BusConnection::begin() {
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus), "sd_bus_new");
  bus_.reset(bus);
  check(sd_bus_set_address(bus, address_.c_str()), "sd_bus_set_address");
  check(sd_bus_set_bus_client(bus, 1), "sd_bus_set_bus_client");
  check(sd_bus_set_watch_bind(bus, 1), "sd_bus_set_watch_bind");
  check(sd_bus_set_connected_signal(bus, name_.empty() ? 1 : 0), "sd_bus_set_connected_signal");
  if (const int result = sd_bus_start(bus); result < 0) {
    announce("no connection to the system bus: " + std::generic_category().message(-result) +
                 "; limits are not affected, iopsctl works as soon as there is one",
             true);
    return reconnect_.restart(reconnect_delay);
  }
  check(sd_bus_attach_event(bus, loop_.event(), event_priority(Priority::idle)),
        "sd_bus_attach_event");
  const auto on_local = [this](const char* signal, sd_bus_message_handler_t handler) {
    check(sd_bus_match_signal_async(bus_.get(), nullptr, nullptr, "/org/freedesktop/DBus/Local",
                                    "org.freedesktop.DBus.Local", signal, handler, nullptr, this),
          "sd_bus_match_signal_async");
  };
  on_local("Disconnected", call<&BusConnection::lost>);
  if (name_.empty()) on_local("Connected", call<&BusConnection::connected>);
  handlers_.begun(bus);
  if (name_.empty()) return;
  check(sd_bus_request_name_async(bus, nullptr, name_.c_str(), SD_BUS_NAME_QUEUE,
                                  call<&BusConnection::named>, this),
        "sd_bus_request_name_async");
}

void BusConnection::connected(sd_bus_message*) {
  set_ready();
}

void BusConnection::named(sd_bus_message* reply) {
  if (is_unanswered(reply)) return drop();
  if (sd_bus_message_is_method_error(reply, nullptr) != 0) {
    const sd_bus_error* error = sd_bus_message_get_error(reply);
    return announce("the bus does not let us be " + name_ + ": " + error->message +
                        "; is org.iopslimit1.conf in /usr/share/dbus-1/system.d? limits are not "
                        "affected, iopsctl does not reach the service",
                    true);
  }
  set_ready();
  std::uint32_t answer = 0;
  check(sd_bus_message_read(reply, "u", &answer), "the bus's answer to RequestName");
  constexpr std::uint32_t in_queue = 2;  // DBUS_REQUEST_NAME_REPLY_IN_QUEUE
  if (answer == in_queue)
    return announce(name_ + " belongs to another process: is the service running twice?", true);
  announce("on the bus as " + name_, false);
}

void BusConnection::set_ready() {
  ready_ = true;
  if (std::exchange(away_, false) && handlers_.away) handlers_.away("");
  if (handlers_.ready) handlers_.ready();
}

void BusConnection::lost(sd_bus_message*) {
  const bool was_ready = std::exchange(ready_, false);
  const bool was_silent = std::exchange(silent_, false);
  probing_ = false;
  if (was_ready) {
    away_ = true;
    if (handlers_.away)
      handlers_.away((was_silent ? "the system bus does not answer" : "the system bus went away") +
                     std::string(not_affected));
  } else if (!away_) {
    announce(std::string("the system bus does not let the service in") + not_affected, true);
  }
  reconnect_.restart(reconnect_delay);
}

void BusConnection::probe() {
  if (!ready_ || probing_) return;
  probing_ = sd_bus_call_method_async(bus_.get(), nullptr, "org.freedesktop.DBus",
                                      "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId",
                                      call<&BusConnection::probed>, this, "") >= 0;
}

// Any other answer, even an error, is one of a bus that is alive.
void BusConnection::probed(sd_bus_message* reply) {
  probing_ = false;
  if (is_unanswered(reply)) drop();
}

// Ends the connection by its socket: sd-bus then answers the open calls, and calls lost().
void BusConnection::drop() {
  silent_ = true;
  shutdown(sd_bus_get_fd(bus_.get()), SHUT_RDWR);
}

void BusConnection::announce(const std::string& text, bool wrong) {
  if (std::exchange(announced_, text) != text) handlers_.announce(text, wrong);
}

}  // namespace iopslimit
