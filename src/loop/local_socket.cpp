// SPDX-License-Identifier: Apache-2.0
#include "loop/local_socket.hpp"

#include <cstddef>

namespace iopslimit {

std::optional<LocalAddress> local_address(std::string_view path) {
  LocalAddress local;
  local.address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(local.address.sun_path)) return std::nullopt;
  path.copy(local.address.sun_path, path.size());
  const bool is_abstract = path.front() == '@';
  if (is_abstract) local.address.sun_path[0] = '\0';
  // The size of an abstract name is that of its bytes; the others end in a zero.
  local.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (is_abstract ? 0 : 1));
  return local;
}

Result<File> connect_datagram(std::string_view path) {
  const auto local = local_address(path);
  if (!local) return std::make_error_code(std::errc::filename_too_long);
  File file(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!file || connect(file.fd(), local->get(), local->size) != 0) return last_error();
  return file;
}

ssize_t send_now(int socket, std::string_view text) {
  return send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace iopslimit
