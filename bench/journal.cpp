// SPDX-License-Identifier: Apache-2.0
// Takes what is sent to a journal's socket, as journald would, and drops it: bench_journal SOCKET
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string(argv[1]).copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  unlink(argv[1]);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;
  std::vector<char> buffer(1U << 18);
  while (recv(fd, buffer.data(), buffer.size(), 0) >= 0) {
  }
  return 1;
}
