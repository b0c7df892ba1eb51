// SPDX-License-Identifier: Apache-2.0
// A service for the tests of iopsctl: the sample overview on $DBUS_SYSTEM_BUS_ADDRESS. Writes a
// line when it listens, when it is on the bus, and for everything it is told. Usage: fake_service
// MOOD SOCKET, a mood being "good", "refuse" or "mute".
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "api/bus_service.hpp"
#include "loop/clock.hpp"
#include "support/sample_overview.hpp"

using namespace iopslimit;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string mood = argv[1];
  EventLoop loop;
  Overview overview = sample_overview();
  const auto line = [](const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  };
  const auto of = [&overview](const std::string& whom) -> CarrierView* {
    for (CarrierView& one : overview.containers) {
      if (one.path.cgroup == whom) return &one;
    }
    return nullptr;
  };
  BusApi api(loop, system_bus_address(), argv[2],
             {.overview =
                  [&] {
                    if (mood == "mute") pause();  // its loop does not turn any more
                    return overview;
                  },
              .explain =
                  [](const CarrierView& one) {
                    return std::vector<std::string>{"[exclude]: no keyword is part of " + one.name,
                                                    "[limits] applies"};
                  },
              .reload =
                  [&] {
                    line("reload");
                    return mood == "refuse" ? std::vector<std::string>{"/etc/x.conf:3: no such key"}
                                            : std::vector<std::string>{};
                  },
              .clear = [&] { line("clear"); },
              .pause =
                  [&](const Choice& choice, std::chrono::seconds span) {
                    line("pause " + choice.whom + " " + std::to_string(span.count()));
                    if (CarrierView* one = of(choice.whom)) {
                      one->standing = Standing::paused;
                      one->paused_until = wall_seconds() + static_cast<std::uint64_t>(span.count());
                      one->rules.clear();
                    }
                  },
              .resume =
                  [&](const Choice& choice) {
                    line("resume " + choice.whom);
                    const CarrierView* one = of(choice.whom);
                    return one != nullptr && one->standing == Standing::paused;
                  }},
             [&](const std::string& text, bool) { line(text); });
  line("listening");
  loop.on_signal(SIGTERM, [&loop] { loop.quit(); });
  loop.run();
}
