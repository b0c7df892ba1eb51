// SPDX-License-Identifier: Apache-2.0
// The verb `calibrate`: checks that the disk may be measured, measures it, and says what follows.
#include <poll.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "api/bus_connection.hpp"
#include "calibrate/direct_file.hpp"
#include "calibrate/refusal.hpp"
#include "config/files.hpp"
#include "disk/disk_stats.hpp"
#include "disk/mount_resolver.hpp"
#include "iopsctl/calibrate_report.hpp"
#include "iopsctl/client.hpp"
#include "iopsctl/own_cgroup.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/verbs.hpp"
#include "systemd/scope.hpp"
#include "terminal/display.hpp"
#include "terminal/progress.hpp"
#include "terminal/terminal.hpp"

namespace iopslimit {
namespace {

void warn(const std::string& text) {
  std::fprintf(stderr, "iopsctl: %s\n", printable(text).c_str());
}

/// A data mount, and the section that its total belongs to.
struct Target {
  std::string mount;
  std::string section;
};

Target target_of(const std::string& name, const std::string& mount) {
  return {mount, name.empty() ? "[limits]" : "[device " + name + "]"};
}

std::vector<Target> targets(const Answer& answer, const Paths& paths) {
  std::vector<Target> all;
  for (const DeviceView& device : answer.snapshot.devices) {
    if (answer.from_service) all.push_back(target_of(device.name, device.mount));
  }
  if (!all.empty()) return all;
  const Config config = build_config(read_configuration(paths.config).entries).config;
  all.push_back(target_of("", config.device.mount));
  for (const auto& [name, section] : config.more_devices)
    all.push_back(target_of(name, section.mount));
  return all;
}

/// The data mount that is asked for, the first one without a name; none when there is no such one.
const Target* find_target(const std::vector<Target>& all, std::string mount) {
  if (mount.empty()) return &all.front();
  while (mount.size() > 1 && mount.ends_with('/')) mount.pop_back();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Target& one) { return one.mount == mount; });
  return found == all.end() ? nullptr : &*found;
}

std::string names_of(const std::vector<Target>& all) {
  std::string text;
  for (const Target& one : all) text += (text.empty() ? "" : ", ") + one.mount;
  return text;
}

bool runs_in_container(const std::string& self) {
  constexpr std::size_t most = 65536;
  const auto cgroups = read_file(self + "/cgroup", most);
  if (!cgroups) throw std::system_error(cgroups.error(), "cannot read " + self + "/cgroup");
  std::error_code error;
  const std::string space = std::filesystem::read_symlink(self + "/ns/cgroup", error).string();
  return is_in_container(*cgroups, space);
}

std::vector<std::uint64_t> io_ticks(const DataStack& stack, const std::string& blocks) {
  std::vector<std::uint64_t> all;
  for (const BlockDevice& one : stack.devices) {
    const auto stats = read_disk_stats(blocks, one.devnum);
    if (!stats) throw std::system_error(stats.error(), "cannot read how busy " + one.name + " is");
    all.push_back(stats->io_ticks_msec);
  }
  return all;
}

// The disk may hold other file systems than the measured one: all devices below that count.
double busiest(const DataStack& stack, const std::string& blocks) {
  constexpr int span_msec = 2000;
  const std::vector<std::uint64_t> before = io_ticks(stack, blocks);
  poll(nullptr, 0, span_msec);
  const std::vector<std::uint64_t> after = io_ticks(stack, blocks);
  std::uint64_t most = 0;
  for (std::size_t at = 0; at < after.size(); ++at)
    most = std::max(most, after[at] - std::min(before[at], after[at]));
  return static_cast<double>(most) / span_msec;
}

std::size_t running(const Snapshot& snapshot) {
  return static_cast<std::size_t>(
      std::count_if(snapshot.containers.begin(), snapshot.containers.end(),
                    [](const WorkloadView& one) { return one.state != State::sandbox; }));
}

std::string why_unusable(const MountFacts& facts) {
  if (const auto* absent = std::get_if<NotMounted>(&facts)) return absent->why;
  if (const auto* unsupported = std::get_if<Unsupported>(&facts)) return unsupported->why;
  return "";
}

CalibrationFacts facts_of(const std::string& mount, const MountFacts& behind, const Paths& paths,
                          const Snapshot& snapshot) {
  CalibrationFacts facts{.mount = mount,
                         .not_usable = why_unusable(behind),
                         .containers = running(snapshot),
                         .in_container = runs_in_container(paths.self)};
  const auto* stack = std::get_if<DataStack>(&behind);
  if (stack == nullptr || facts.in_container) return facts;
  struct statvfs space {};
  if (statvfs(mount.c_str(), &space) != 0)
    throw std::system_error(last_error(), "cannot read how much is free on " + mount);
  facts.free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  facts.busy = busiest(*stack, paths.blocks);
  return facts;
}

/// False when another run has the scope. Goes on where there is no scope to be had.
bool enter_scope() {
  std::string why;
  try {
    const ClientConnection bus = connect_to_bus(system_bus_address());
    const ScopeAnswer answer = move_into_scope(bus.get(), "iops-limitd-calibrate.scope",
                                               "Measures what the disk of iops-limitd can do", why);
    if (answer == ScopeAnswer::name_taken) return false;
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  if (!why.empty()) warn("no unit of its own (" + why + "): a limit of this session holds for it");
  return true;
}

/// The signals that end a measurement. They are only looked at, so that what is under way is
/// given back in order.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set_, signal);
    sigprocmask(SIG_BLOCK, &set_, nullptr);
  }
  void check() const {
    const timespec now{};
    if (sigtimedwait(&set_, nullptr, &now) > 0)
      throw std::runtime_error("calibrate was interrupted; nothing is left on the disk");
  }

 private:
  sigset_t set_{};
};

/// Measures, and shows how far it is.
class Run {
 public:
  Run(const std::string& mount, std::uint64_t bytes, std::chrono::seconds whole)
      : file_(mount, bytes), bytes_(bytes), whole_(whole) {}

  Calibration measure() {
    file_.fill([this](std::uint64_t written) {
      interrupts_.check();
      line_.draw("writes its file", static_cast<double>(written) / static_cast<double>(bytes_), {});
    });
    return calibrated(whole_, [this](const Phase& phase) { return run(phase); });
  }

 private:
  Measurement run(const Phase& phase) {
    const auto begin = std::chrono::steady_clock::now();
    return file_.run(phase, [&] {
      interrupts_.check();
      draw(phase, std::chrono::steady_clock::now() - begin);
    });
  }
  void draw(const Phase& phase, std::chrono::duration<double> passed) {
    using Seconds = std::chrono::duration<double>;
    const Seconds left =
        std::max(Seconds(phase.length) - passed, Seconds(0)) + Seconds(phase.left_after);
    line_.draw(phase.name, 1 - left / whole_, std::chrono::ceil<std::chrono::seconds>(left));
  }

  Interrupts interrupts_;
  ProgressLine line_;
  DirectFile file_;
  std::uint64_t bytes_;
  std::chrono::seconds whole_;
};

int measure(const Arguments& arguments, const Target& target, const DataStack& stack,
            std::uint64_t bytes) {
  if (!enter_scope()) {
    warn("calibrate runs already: systemctl status iops-limitd-calibrate.scope");
    return exit_bad;
  }
  CalibrationReport report{
      .stack = stack, .section = target.section, .file_bytes = bytes, .seconds = arguments.seconds};
  report.found = Run(target.mount, bytes, std::chrono::seconds(arguments.seconds)).measure();
  report.advice = advise(report.found);
  if (arguments.json) {
    print(calibrate_json(report));
  } else {
    print(calibrate_screen(report, output_style()));
  }
  return exit_good;
}

}  // namespace

int calibrate(const Arguments& arguments) {
  const Answer answer = fetch(arguments.paths);
  const std::vector<Target> all = targets(answer, arguments.paths);
  const Target* target = find_target(all, arguments.mount);
  if (target == nullptr) {
    warn("'" + arguments.mount + "' is not a data mount: " + names_of(all));
    return exit_usage;
  }
  const MountFacts behind = MountResolver(arguments.paths.mountinfo).find(target->mount);
  const CalibrationFacts facts = facts_of(target->mount, behind, arguments.paths, answer.snapshot);
  const std::vector<std::string> reasons = refusals(facts, arguments.yes);
  for (const std::string& reason : reasons) warn(reason);
  if (!reasons.empty()) return exit_bad;
  if (geteuid() != 0) {
    warn("only root can measure " + target->mount + ": sudo iopsctl calibrate");
    return exit_no_permission;
  }
  return measure(arguments, *target, std::get<DataStack>(behind), file_bytes(facts.free_bytes));
}

}  // namespace iopslimit
