// SPDX-License-Identifier: Apache-2.0
// A client of the running service, over its private socket or the system bus. Calls block.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "advice/advice.hpp"
#include "api/bus_codec.hpp"
#include "api/preview_view.hpp"
#include "api/snapshot.hpp"
#include "config/files.hpp"
#include "iopsctl/kernel.hpp"

namespace iopslimit {

/// The service is reachable neither on its socket nor on the bus. what(): the reason.
struct NotRunning : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The service or polkit refused the call. what(): their message.
struct CallRefused : std::runtime_error {
  CallRefused(std::string error_name, const std::string& text)
      : std::runtime_error(text), name(std::move(error_name)) {}
  std::string name;  ///< "org.iopslimit1.Error.NotPaused"
};

/// The container or pod that the service found for a name.
struct Match {
  std::string name;     ///< "shop/db-0/db", "shop/db-0"
  std::string cgroup;   ///< empty for a pod
  std::string pod_uid;  ///< empty for a container
};

struct Explained {
  WorkloadView container;
  std::vector<std::string> steps;
};

struct BusClose {
  // On a connection that is not ready, flushing would block until the handshake is done.
  void operator()(sd_bus* bus) const {
    if (sd_bus_is_ready(bus) > 0) sd_bus_flush(bus);
    sd_bus_close_unref(bus);
  }
};
using ClientConnection = std::unique_ptr<sd_bus, BusClose>;
/// Throws NotRunning.
ClientConnection connect_to_bus(const std::string& address);

class Client {
 public:
  /// Calls that change nothing fail after this time: the event loop of the service hangs.
  static constexpr std::chrono::seconds patience{5};

  /// Connects to the private socket, which only root may use, or else to the system bus. Throws
  /// NotRunning, or CallRefused when the service does not answer on the socket.
  explicit Client(const Paths& paths);

  /// Returns when the event loop of the service answers. Throws NotRunning or CallRefused.
  void ping();

  /// These throw NotRunning or CallRefused. The service resolves `name`: a container's cgroup, ID
  /// or name, a pod's UID or name, or an unambiguous prefix.
  Snapshot snapshot();
  std::vector<Explained> explain(const std::string& name);
  std::vector<Advice> advice();
  /// What reload() would change, with a text in the place of a file on disk or without one. It
  /// needs the same right.
  PreviewView preview(const Replacement& instead = {});
  /// These wait without a limit: polkit may ask for a password.
  void reload() { act("Reload", {}, 0); }
  void clear() { act("Clear", {}, 0); }
  Match pause(const std::string& name, std::chrono::seconds span);
  Match resume(const std::string& name);

 private:
  bool connect_to_socket(const std::string& path);
  BusMessage call(const char* interface, const char* method, const std::string& text,
                  std::uint64_t number, bool patient);
  BusMessage send(sd_bus_message* message, bool patient);
  BusMessage act(const char* method, const std::string& name, std::uint64_t seconds);

  ClientConnection bus_;
};

}  // namespace iopslimit
