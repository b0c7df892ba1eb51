// SPDX-License-Identifier: Apache-2.0
// A socket in the file system for calls by root without a bus: /run/iops-limitd/private. It works
// where there is no bus (in a container) and while the bus is not running.
#pragma once

#include <systemd/sd-bus.h>

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "loop/file.hpp"
#include "loop/io.hpp"

namespace iopslimit {

/// Speaks D-Bus with every peer, each on its own connection. Only root can use the socket (mode
/// 0600); it replaces a socket that an earlier run has left.
class PrivateSocket {
 public:
  /// Further concurrent connections are closed immediately.
  static constexpr std::size_t most_peers = 64;

  struct Handlers {
    /// A new connection starts; the handler registers its objects on it.
    std::function<void(sd_bus* bus)> begun;
    std::function<void(sd_bus* bus)> ended;  ///< before the connection is gone
    /// Reports to the operator, once, why the socket could not be created.
    std::function<void(const std::string& text, bool wrong)> announce;
  };

  PrivateSocket(EventLoop& loop, std::string path, Handlers handlers);
  /// Removes the socket, so that the kernel refuses connections to a stopped service.
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
  std::optional<Io> accepting_;
  std::list<Peer> peers_;
};

}  // namespace iopslimit
