// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/source.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "api/lists.hpp"

namespace iopslimit {

Answer fetch(const Paths& paths) {
  try {
    return {.snapshot = Client(paths).snapshot(), .from_service = true};
  } catch (const NotRunning& error) {
    return {.snapshot = Kernel(paths).snapshot(), .failure = error.what()};
  }
}

bool is_socket_forbidden(const Paths& paths) {
  return access(paths.socket.c_str(), W_OK) != 0 && errno == EACCES;
}

std::string advice(const Paths& paths, const std::string& why) {
  if (is_socket_forbidden(paths))
    return "iopsctl: iops-limitd cannot be reached: " + why +
           "\niopsctl: without a system bus only root can: sudo iopsctl, or systemctl status dbus";
  return "iopsctl: iops-limitd is not running: " + why +
         "\niopsctl: start it with 'systemctl start iops-limitd'; why it ended: 'journalctl -u "
         "iops-limitd -e'";
}

int status_of(const CallRefused& error) {
  if (error.name == no_such_container || error.name == ambiguous_name) return exit_usage;
  const bool denied = error.name == SD_BUS_ERROR_ACCESS_DENIED ||
                      error.name == SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED;
  return denied ? exit_no_permission : exit_bad;
}

Loads measure(Kernel& kernel, const Snapshot& snapshot) {
  Loads loads;
  if (snapshot.containers.empty()) return loads;
  constexpr int moment_msec = 500;
  const IoSample before = kernel.sample(snapshot.containers);
  poll(nullptr, 0, moment_msec);
  const IoSample after = kernel.sample(snapshot.containers);
  const std::vector<Devnum> devices = devices_of(snapshot);
  for (const WorkloadView& one : snapshot.containers) {
    if (const auto load = load_of(one, devices, before, after)) loads[one.path.cgroup] = *load;
  }
  return loads;
}

void print(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
}

int end(const Arguments& arguments, const Answer& answer) {
  if (answer.from_service) return exit_good;
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", advice(arguments.paths, answer.failure).c_str());
  return exit_not_running;
}

void print(const Lines& lines) {
  for (const std::string& line : lines) print(line);
}

}  // namespace iopslimit
