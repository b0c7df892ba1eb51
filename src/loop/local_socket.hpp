// SPDX-License-Identifier: Apache-2.0
// Sockets of this machine (unix(7)): their addresses, and datagrams that are never waited for.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

#include "loop/file.hpp"

namespace iopslimit {

struct LocalAddress {
  sockaddr_un address{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

/// The address of a socket in the file system, or of an abstract one ("@name"). std::nullopt: the
/// name is too long.
std::optional<LocalAddress> local_address(std::string_view path);

/// A non-blocking socket for datagrams to the socket at `path`.
Result<File> connect_datagram(std::string_view path);

/// How many bytes the socket took. EAGAIN: its reader is behind. Raises no SIGPIPE.
ssize_t send_now(int socket, std::string_view text);

}  // namespace iopslimit
