// SPDX-License-Identifier: Apache-2.0
// A service for the tests of iopsctl: the sample snapshot on $DBUS_SYSTEM_BUS_ADDRESS. Writes a
// line when it listens, when it is on the bus, and for everything it is told. Usage: fake_service
// MOOD SOCKET, a mood being "good", "refuse", "mute", "once" for one that answers one call, or
// "late" for one that refuses no more than a reload, "same" for one whose configuration has not
// changed, or "sharing" for one that shares the disk.
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

#include "api/bus_service.hpp"
#include "loop/clock.hpp"
#include "loop/signal.hpp"
#include "support/sample_advice.hpp"
#include "support/sample_preview.hpp"
#include "support/sample_snapshot.hpp"

using namespace iopslimit;

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string mood = argv[1];
  EventLoop loop;
  Snapshot snapshot = mood == "sharing" ? sharing_snapshot() : sample_snapshot();
  int summaries = 0;
  const auto line = [](const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
  };
  const auto of = [&snapshot](const std::string& whom) -> WorkloadView* {
    for (WorkloadView& one : snapshot.containers) {
      if (one.path.cgroup == whom) return &one;
    }
    return nullptr;
  };
  BusService api(loop, system_bus_address(), argv[2],
                 {.containers =
                      [&](const std::string& after) {
                        // Its loop does not turn any more. To find a name takes two passes.
                        if (mood == "mute" || (mood == "once" && after.empty() && ++summaries > 2))
                          pause();
                        return containers_after(snapshot, after);
                      },
                  .summary = [&] { return summary_of(snapshot); },
                  .revision = [revision = std::uint64_t{0}]() mutable { return ++revision; },
                  .explain =
                      [](const WorkloadView& one) {
                        return std::vector<std::string>{
                            "[exclude]: no keyword is part of " + one.name, "[limits] applies"};
                      },
                  .reload =
                      [&] {
                        line("reload");
                        return mood == "refuse" || mood == "late"
                                   ? std::vector<std::string>{"/etc/x.conf:3: no such key"}
                                   : std::vector<std::string>{};
                      },
                  .clear = [&] { line("clear"); },
                  .pause =
                      [&](const Selector& selector, std::chrono::seconds span) {
                        line("pause " + selector.whom + " " + std::to_string(span.count()));
                        if (WorkloadView* one = of(selector.whom)) {
                          one->state = State::paused;
                          one->paused_until =
                              wall_seconds() + static_cast<std::uint64_t>(span.count());
                          one->rules.clear();
                        }
                      },
                  .resume =
                      [&](const Selector& selector) {
                        line("resume " + selector.whom);
                        const WorkloadView* one = of(selector.whom);
                        return one != nullptr && one->state == State::paused;
                      },
                  .advice = sample_advice_after,
                  .preview = [&](const Replacement& instead) -> BusService::PreviewAnswer {
                    line("preview " + instead.file);
                    const bool bad = instead.text.find("nonsense") != std::string::npos;
                    if (bad || mood == "refuse")
                      return {.errors = {instead.file + ":2: no such key"}};
                    return {.errors = {}, .next = [&mood](PreviewView& found) {
                              if (mood != "same") found = sample_preview();
                              return false;
                            }};
                  }},
                 {.announce = [&](const std::string& text, bool) { line(text); },
                  .away = [&](const std::string& why) { line(why); }});
  line("listening");
  const Signal terminate(loop, SIGTERM, [&loop] { loop.quit(); });
  loop.run();
}
