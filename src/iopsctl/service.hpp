// SPDX-License-Identifier: Apache-2.0
// The running service, asked on its socket or over the bus. Every call waits for its answer.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "api/bus_codec.hpp"
#include "api/snapshot.hpp"
#include "iopsctl/kernel.hpp"

namespace iopslimit {

/// No socket and no bus, or nobody on it has the service's name. what(): why.
struct NotRunning : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The service, or polkit, said no. what(): its own words.
struct CallRefused : std::runtime_error {
  CallRefused(std::string error_name, const std::string& text)
      : std::runtime_error(text), name(std::move(error_name)) {}
  std::string name;  ///< "org.iopslimit1.Error.NotPaused"
};

struct Explained {
  WorkloadView container;
  std::vector<std::string> steps;
};

struct BusClose {
  // Flushing would wait for a greeting that does not come.
  void operator()(sd_bus* bus) const {
    if (sd_bus_is_ready(bus) > 0) sd_bus_flush(bus);
    sd_bus_close_unref(bus);
  }
};
using ClientConnection = std::unique_ptr<sd_bus, BusClose>;
/// Throws NotRunning.
ClientConnection connect_to_bus(const std::string& address);

class ServiceClient {
 public:
  /// An answer that takes longer is a service that does not turn.
  static constexpr std::chrono::seconds patience{5};

  /// By the service's own socket where there is one and we may (root), else on the system bus.
  /// Throws NotRunning, or CallRefused when nobody answers on the socket.
  explicit ServiceClient(const Paths& places);

  /// Whether its loop turns, and nothing else. Throws as the others.
  void ping();

  /// Each throws NotRunning or CallRefused. A target as core/choice names it.
  Snapshot snapshot();
  std::vector<Explained> explain(const std::string& target);
  /// At a terminal polkit may ask for a password: these then wait for it.
  void reload() { act("Reload", {}, 0); }
  void clear() { act("Clear", {}, 0); }
  void pause(const std::string& target, std::chrono::seconds span);
  void resume(const std::string& target) { act("Resume", target, 0); }

 private:
  bool connect_to_socket(const std::string& path);
  BusMessage call(const char* interface, const char* method, const std::string& text,
                  std::uint64_t number, bool patient);
  void act(const char* method, const std::string& target, std::uint64_t seconds);

  ClientConnection bus_;
};

}  // namespace iopslimit
