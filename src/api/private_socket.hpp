// SPDX-License-Identifier: Apache-2.0
// A socket in the file system for root's own calls, with no bus in between:
// /run/iops-limitd/private. It answers where there is no bus (a container), and when the bus is
// away.
#pragma once

#include <systemd/sd-bus.h>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <system_error>

#include "loop/event_loop.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// Speaks D-Bus with everyone who connects, each on a connection of its own. The socket belongs to
/// root alone (mode 0600); what is left of an earlier run is replaced.
class PrivateSocket {
 public:
  /// More connections at a time are closed at once.
  static constexpr std::size_t most_peers = 64;

  struct Handlers {
    /// A connection begins: objects belong on it.
    std::function<void(sd_bus* bus)> begun;
    /// For the operator, once: why there is no such socket.
    std::function<void(const std::string& text, bool wrong)> announce;
  };

  PrivateSocket(EventLoop& loop, std::string path, Handlers handlers);
  /// Removes the socket: who connects to a service that was stopped is told so by the kernel.
  ~PrivateSocket();
  PrivateSocket(const PrivateSocket&) = delete;
  PrivateSocket& operator=(const PrivateSocket&) = delete;

 private:
  struct Close {
    void operator()(sd_bus* bus) const { sd_bus_close_unref(bus); }
  };
  struct Peer {
    PrivateSocket* socket;
    std::list<Peer>::iterator place;
    std::unique_ptr<sd_bus, Close> bus;
  };

  std::error_code listen_at_path();
  void accept_all();
  void begin(File connection);
  static int lost(sd_bus_message*, void* peer, sd_bus_error*) noexcept;

  EventLoop& loop_;
  std::string path_;
  Handlers handlers_;
  File listening_;
  std::list<Peer> peers_;
};

}  // namespace iopslimit
