// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/source.hpp"

#include <poll.h>

#include <cstdio>

#include "api/heartbeat.hpp"
#include "iopsctl/service.hpp"

namespace iopslimit {

Told ask(const Paths& places) {
  try {
    return {.snapshot = ServiceClient(places).snapshot(), .by_service = true};
  } catch (const NotRunning& error) {
    return {.snapshot = Kernel(places).snapshot(), .why_not = error.what()};
  }
}

std::string what_to_do(const Paths& places, const std::string& why) {
  constexpr std::chrono::seconds fresh = Heartbeat::longest;
  const auto beat = since_beat(places.alive);
  if (beat && *beat < fresh)
    return "iopsctl: iops-limitd runs, but cannot be asked: " + why +
           "\niopsctl: is the system bus there? systemctl status dbus; journalctl -u iops-limitd";
  return "iopsctl: iops-limitd is not running: " + why +
         "\niopsctl: start it with 'systemctl start iops-limitd'; why it ended: 'journalctl -u "
         "iops-limitd -e'";
}

Selector choose(const Snapshot& snapshot, const std::string& word) {
  std::vector<Selector> selectors = selectors_of(snapshot.containers, word);
  if (selectors.size() != 1) throw NotOne(why_not_one(selectors, word));
  return selectors.front();
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

int end(const Arguments& arguments, const Told& on_event) {
  if (on_event.by_service) return exit_good;
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", what_to_do(arguments.places, on_event.why_not).c_str());
  return exit_not_running;
}

void print(const Lines& lines) {
  for (const std::string& line : lines) print(line);
}

}  // namespace iopslimit
