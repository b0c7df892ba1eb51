// SPDX-License-Identifier: Apache-2.0
#include "api/private_socket.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "loop/guard.hpp"
#include "loop/local_socket.hpp"

namespace iopslimit {
namespace {

// A connection that the peer closes immediately is no error of the service.
constexpr const char* cannot_begin = "cannot talk to a peer";

}  // namespace

PrivateSocket::PrivateSocket(EventLoop& loop, std::string path, Handlers handlers)
    : loop_(loop), path_(std::move(path)), handlers_(std::move(handlers)) {
  if (const std::error_code error = listen_at_path()) {
    listening_ = File();
    handlers_.announce(
        "cannot listen on " + path_ + ": " + error.message() +
            "; limits are not affected, iopsctl reaches the service on the bus alone",
        true);
    return;
  }
  accepting_.emplace(loop_, listening_.fd(), EPOLLIN, [this] { accept_all(); });
}

PrivateSocket::~PrivateSocket() {
  if (listening_) unlink(path_.c_str());
}

// Sets the mode before the socket has a name, so nobody can connect in between (unix(7): Linux uses
// the socket's own mode for the file).
std::error_code PrivateSocket::listen_at_path() {
  const auto local = local_address(path_);
  if (!local) return std::make_error_code(std::errc::filename_too_long);
  listening_ = File(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listening_) return last_error();
  if (unlink(path_.c_str()) != 0 && errno != ENOENT) return last_error();
  if (fchmod(listening_.fd(), S_IRUSR | S_IWUSR) != 0 ||
      bind(listening_.fd(), local->get(), local->size) != 0 ||
      listen(listening_.fd(), SOMAXCONN) != 0)
    return last_error();
  return {};
}

void PrivateSocket::accept_all() {
  for (;;) {
    File connection(accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) {
      if (peers_.size() < most_peers) begin(std::move(connection));
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void PrivateSocket::begin(File connection) {
  sd_bus* bus = nullptr;
  sd_id128_t id{};
  check(sd_bus_new(&bus), cannot_begin);
  std::unique_ptr<sd_bus, Close> owned(bus);
  check(sd_id128_randomize(&id), cannot_begin);
  check(sd_bus_set_fd(bus, connection.fd(), connection.fd()), cannot_begin);
  static_cast<void>(connection.release());  // the bus owns it now
  check(sd_bus_set_server(bus, 1, id), cannot_begin);
  if (sd_bus_start(bus) < 0) return;
  // sd-bus sets 8 MB, which the kernel counts as memory of the service, read or not. What does not
  // fit waits in sd-bus, where Callers sees it.
  constexpr int most_in_kernel = 65536;
  setsockopt(sd_bus_get_fd(bus), SOL_SOCKET, SO_SNDBUF, &most_in_kernel, sizeof most_in_kernel);
  peers_.push_front({this, {}, std::move(owned)});
  Peer& peer = peers_.front();
  peer.place = peers_.begin();
  check(
      sd_bus_match_signal_async(bus, nullptr, nullptr, "/org/freedesktop/DBus/Local",
                                "org.freedesktop.DBus.Local", "Disconnected", lost, nullptr, &peer),
      cannot_begin);
  handlers_.begun(bus);
  check(sd_bus_attach_event(bus, loop_.event(), event_priority(Priority::idle)),
        "sd_bus_attach_event");
}

// sd-bus keeps a reference to a connection while it processes it.
int PrivateSocket::lost(sd_bus_message*, void* peer, sd_bus_error*) noexcept {
  auto* gone = static_cast<Peer*>(peer);
  return guard(gone->socket->loop_, [gone] {
    gone->socket->handlers_.ended(gone->bus.get());
    gone->socket->peers_.erase(gone->place);
  });
}

}  // namespace iopslimit
