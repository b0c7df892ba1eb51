// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/source.hpp"

#include <poll.h>

#include <cstdio>

#include "api/heartbeat.hpp"
#include "iopsctl/service.hpp"

namespace iopslimit {

Told ask(const Places& places) {
  try {
    return {.overview = Service(places).overview(), .by_service = true};
  } catch (const NotRunning& error) {
    return {.overview = Kernel(places).overview(), .why_not = error.what()};
  }
}

std::string what_to_do(const Places& places, const std::string& why) {
  constexpr std::chrono::seconds fresh = Heartbeat::longest;
  const auto beat = since_beat(places.alive);
  if (beat && *beat < fresh)
    return "iopsctl: iops-limitd runs, but cannot be asked: " + why +
           "\niopsctl: is the system bus there? systemctl status dbus; journalctl -u iops-limitd";
  return "iopsctl: iops-limitd is not running: " + why +
         "\niopsctl: start it with 'systemctl start iops-limitd'; why it ended: 'journalctl -u "
         "iops-limitd -e'";
}

Choice choose(const Overview& overview, const std::string& word) {
  std::vector<Choice> choices = choices_of(overview.containers, word);
  if (choices.size() != 1) throw NotOne(why_not_one(choices, word));
  return choices.front();
}

Loads measure(Kernel& kernel, const Overview& overview) {
  Loads loads;
  if (overview.containers.empty()) return loads;
  constexpr int moment_msec = 500;
  const IoSample before = kernel.sample(overview.containers);
  poll(nullptr, 0, moment_msec);
  const IoSample after = kernel.sample(overview.containers);
  const std::vector<Devnum> devices = devices_of(overview);
  for (const CarrierView& one : overview.containers) {
    if (const auto load = load_of(one, devices, before, after)) loads[one.path.cgroup] = *load;
  }
  return loads;
}

void print(const std::string& text) {
  std::fputs((text + "\n").c_str(), stdout);
}

int end(const Arguments& arguments, const Told& told) {
  if (told.by_service) return exit_good;
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", what_to_do(arguments.places, told.why_not).c_str());
  return exit_not_running;
}

void print(const Lines& lines) {
  for (const std::string& line : lines) print(line);
}

}  // namespace iopslimit
