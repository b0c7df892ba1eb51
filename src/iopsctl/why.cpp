// SPDX-License-Identifier: Apache-2.0
// The verb `why`: samples the counters for some seconds, and tells what holds containers back.
#include <poll.h>

#include <algorithm>
#include <chrono>

#include "api/bus_service.hpp"
#include "api/selector.hpp"
#include "iopsctl/client.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/verbs.hpp"
#include "iopsctl/why_json.hpp"
#include "iopsctl/why_text.hpp"
#include "terminal/display.hpp"
#include "terminal/terminal.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

constexpr unsigned seconds_of_one = 5;
constexpr unsigned seconds_of_all = 2;

using Judged = std::vector<const WorkloadView*>;

// The container or all of the pod of that name.
Judged named(const Snapshot& snapshot, const std::string& name) {
  const std::vector<Selector> found = selectors_of(snapshot.containers, name);
  if (found.size() == 1) return found.front().containers;
  throw CallRefused(found.empty() ? no_such_container : ambiguous_name, why_not_one(found, name));
}

Judged everybody(const Snapshot& snapshot) {
  Judged all;
  for (const WorkloadView& one : snapshot.containers) all.push_back(&one);
  return all;
}

// One sample now, and one after each second.
std::vector<NodeSample> sampled(Kernel& kernel, const Snapshot& snapshot, const Judged& judged,
                                const Disks& disks, unsigned seconds) {
  std::vector<NodeSample> samples;
  const auto take = [&] { samples.push_back(kernel.sample(snapshot.containers, judged, disks)); };
  take();
  for (unsigned second = 1; second <= seconds; ++second) {
    const auto due = samples.back().io.taken + std::chrono::seconds(1);
    for (;;) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(due - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      poll(nullptr, 0, static_cast<int>(left.count()));
    }
    take();
  }
  return samples;
}

std::vector<Explanation> explanations(const Kernel& kernel, const Judged& judged,
                                      const Disks& disks, const std::vector<NodeSample>& samples,
                                      const NodeUse& node) {
  std::vector<Explanation> all;
  for (const WorkloadView* view : judged)
    all.push_back({.container = view, .measured = measured(*view, disks, samples)});
  for (Explanation& one : all) {  // they do not move any more
    one.finding = judge(one.measured, node);
    if (!one.measured.others.empty())
      one.elsewhere = kernel.name_of(one.measured.others.front().first);
    one.ended = one.measured.loads.size() + 1 < samples.size();
  }
  return all;
}

// A pause process is nobody's pod. With gVisor and Kata all of the pod is in the sandbox.
bool is_idle_sandbox(const Explanation& one) {
  const auto does_something = [](const Load& load) { return load.iops() > 0; };
  return one.container->state == State::sandbox &&
         std::ranges::none_of(one.measured.loads, does_something);
}

int status_of(Cause cause) {
  switch (cause) {
    case Cause::own_limit:
      return exit_own_limit;
    case Cause::total:
      return exit_total;
    case Cause::disk:
      return exit_disk;
    case Cause::other_storage:
      return exit_other_storage;
    case Cause::cannot_tell:
      return exit_cannot_tell;
    case Cause::own_pace:
    case Cause::not_io:
      return exit_good;
  }
  return exit_good;
}

std::string name_in(const Explanation& one, const Style& style) {
  return coloured(printable(shown_name(*one.container)), Colour::bold, style.colours);
}

void show_each(const std::vector<Explanation>& all) {
  const Style style = output_style();
  for (const Explanation& one : all) {
    const Lines lines = sentences(one);
    print(name_in(one, style) + ": " + lines.front());
    for (auto line = lines.begin() + 1; line != lines.end(); ++line) print("  " + *line);
  }
}

void show_held_back(const std::vector<Explanation>& held, std::size_t all, std::size_t unknown) {
  const Style style = output_style();
  for (const Explanation& one : held) print(name_in(one, style) + ": " + sentences(one).front());
  const std::string sampled = counted(all, "container", "containers") + " sampled for " +
                              counted(seconds_of_all, "second", "seconds");
  print(held.empty() ? "nobody is held back; " + sampled
                     : sampled + "; more of one: iopsctl why CONTAINER");
  if (unknown != 0)
    print("of " + std::to_string(unknown) + " of them it cannot be told whether they wait");
}

double urgency(const Explanation& one) {
  const double use = one.finding.key == nullptr ? 0 : use_of(*one.finding.key);
  return one.measured.stalled.value_or(use);
}

int tell_all(const Arguments& arguments, const Answer& answer, std::vector<Explanation> all) {
  const std::size_t count = all.size();
  const auto unknown =
      static_cast<std::size_t>(std::ranges::count_if(all, [](const Explanation& one) {
        return one.finding.cause == Cause::cannot_tell && !one.measured.loads.empty();
      }));
  std::erase_if(all, [](const Explanation& one) { return !holds_back(one.finding.cause); });
  std::stable_sort(all.begin(), all.end(), [](const Explanation& one, const Explanation& other) {
    return urgency(one) > urgency(other);
  });
  if (arguments.json) {
    print(why_json(all, answer.source()));
  } else {
    show_held_back(all, count, unknown);
  }
  return all.empty() ? exit_good : exit_own_limit;
}

int tell_each(const Arguments& arguments, const Answer& answer,
              const std::vector<Explanation>& all) {
  if (arguments.json) {
    print(why_json(all, answer.source()));
  } else {
    show_each(all);
  }
  Cause worst = Cause::not_io;
  for (const Explanation& one : all) worst = std::min(worst, one.finding.cause);
  return status_of(worst);
}

}  // namespace

int why(const Arguments& arguments) {
  const Answer answer = fetch(arguments.paths);
  const bool one = !arguments.name.empty();
  const Judged judged = one ? named(answer.snapshot, arguments.name) : everybody(answer.snapshot);
  Kernel kernel(arguments.paths);
  const Disks disks = kernel.disks(devices_of(answer.snapshot));
  const std::vector<NodeSample> samples =
      sampled(kernel, answer.snapshot, judged, disks, one ? seconds_of_one : seconds_of_all);
  const NodeUse node = node_use(answer.snapshot, disks, samples);
  std::vector<Explanation> all = explanations(kernel, judged, disks, samples, node);
  if (all.size() > 1) std::erase_if(all, is_idle_sandbox);
  const int status =
      one ? tell_each(arguments, answer, all) : tell_all(arguments, answer, std::move(all));
  const int kernel_alone = end(arguments, answer);
  return kernel_alone == exit_good ? status : kernel_alone;
}

}  // namespace iopslimit
