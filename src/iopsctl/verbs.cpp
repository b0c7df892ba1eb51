// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/verbs.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "api/bus_connection.hpp"
#include "api/heartbeat.hpp"
#include "config/files.hpp"
#include "iopsctl/json_text.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/service.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/terminal.hpp"
#include "iopsctl/unit_limits.hpp"
#include "iopsctl/verify.hpp"
#include "iopsctl/wording.hpp"
#include "limit/backend.hpp"
#include "limit/blkio_backend.hpp"
#include "limit/io_max_backend.hpp"
#include "limit/ownership_log.hpp"
#include "loop/clock.hpp"

namespace iopslimit {
namespace {

Comparison compare_twice(ServiceClient& service, Kernel& kernel) {
  const auto once = [&] {
    return compare(service.snapshot(), kernel.containers(),
                   [&kernel](const std::string& cgroup) { return kernel.rules(cgroup); });
  };
  Comparison first = once();
  return first.differences.empty() ? first : in_both(first, once());
}

// With neither a bus nor the service's socket: what its files in /run and the kernel tell.
std::vector<HealthCheck> health_of_files(const Paths& places) {
  constexpr std::chrono::seconds most = Heartbeat::longest;
  const auto beat = since_beat(places.alive);
  if (!beat) return {{"service", false, "it is not running: " + places.alive + " is not there"}};
  std::vector<HealthCheck> checks{
      {"service", *beat <= most, "its loop turned " + to_text(*beat) + " ago"}};
  Kernel kernel(places);
  std::size_t held = 0;
  std::size_t missing = 0;
  for (const RuleKey& place : noted_rules(places.rules)) {
    const auto rules = kernel.rules(place.cgroup);
    if (!rules) continue;  // its container ended just now
    const bool holds = std::ranges::find(*rules, place.device, &Rule::device) != rules->end();
    ++(holds ? held : missing);
  }
  checks.push_back({"rules", missing == 0,
                    missing == 0 ? counted(held, "rule holds", "rules hold")
                                 : counted(missing, "rule does", "rules do") + " not hold"});
  return checks;
}

int act(const Arguments& arguments, const char* verb, const std::optional<Selector>& selector,
        std::optional<std::uint64_t> seconds, const std::string& text) {
  print(arguments.json ? done_json(verb, selector, seconds) : text);
  return exit_good;
}

// The rules that the service noted, with nobody there who would write them again.
int clear_without_service(const Arguments& arguments, const NotRunning& error) {
  const auto beat = since_beat(arguments.places.alive);
  if (beat && *beat <= Heartbeat::longest) throw error;
  const Kernel kernel(arguments.places);
  std::unique_ptr<LimitBackend> files;
  if (kernel.tree().version == CgroupVersion::v2) {
    files = std::make_unique<IoMaxBackend>(kernel.tree().root);
  } else {
    files = std::make_unique<BlkioBackend>(kernel.tree().root);
  }
  const auto noted = noted_rules(arguments.places.rules);
  std::size_t cleared = 0;
  int status = exit_good;
  OwnershipLog ledger(*files, arguments.places.rules, [](const std::string& text) {
    std::fprintf(stderr, "iopsctl: %s\n", text.c_str());
  });
  for (const RuleKey& place : noted) {
    const std::error_code failed = ledger.set(place, {});
    const bool gone = failed == ControlError::cgroup_gone || failed == ControlError::device_refused;
    if (gone) ledger.drop(place);  // the kernel took the rule with the cgroup, or with the disk
    if (failed && !gone) {
      std::fprintf(stderr, "iopsctl: cannot take the rule on %s from %s: %s\n",
                   to_string(place.device).c_str(), place.cgroup.c_str(), failed.message().c_str());
      status = exit_bad;
    }
    if (!failed) ++cleared;
  }
  const bool lifted = lift_unit_limits(
      arguments.places.properties, system_bus_address(),
      [](const std::string& text) { std::fprintf(stderr, "iopsctl: %s\n", text.c_str()); });
  if (!lifted) status = exit_bad;
  act(arguments, "clear", {}, {},
      counted(cleared, "rule", "rules") +
          " taken away; iops-limitd is not running and writes none again");
  return status;
}

}  // namespace

int show_status(const Arguments& arguments) {
  const Told on_event = ask(arguments.places);
  if (arguments.json) {
    print(status_json(on_event.snapshot, on_event.source()));
  } else if (on_event.by_service) {
    print(status_screen(on_event.snapshot, wall_seconds(), look_of_output()));
  } else {
    print(kernel_status_screen(on_event.snapshot, look_of_output()));
  }
  return end(arguments, on_event);
}

int show_list(const Arguments& arguments) {
  const Told on_event = ask(arguments.places);
  Kernel kernel(arguments.places);
  const Loads loads = measure(kernel, on_event.snapshot);
  if (arguments.json) {
    print(list_json(on_event.snapshot, loads, on_event.source()));
  } else {
    print(list_screen(on_event.snapshot, loads, arguments.all, wall_seconds(), look_of_output()));
  }
  return end(arguments, on_event);
}

int show_devices(const Arguments& arguments) {
  const Told on_event = ask(arguments.places);
  if (arguments.json) {
    print(devices_json(on_event.snapshot, on_event.source()));
  } else {
    print(devices_screen(on_event.snapshot, look_of_output()));
  }
  return end(arguments, on_event);
}

int explain(const Arguments& arguments) {
  ServiceClient service(arguments.places);
  const Snapshot snapshot = service.snapshot();
  const std::vector<Explained> all = service.explain(choose(snapshot, arguments.name).whom);
  Kernel kernel(arguments.places);
  std::map<std::string, std::vector<Rule>> held;
  for (const Explained& one : all) {
    if (auto rules = kernel.rules(one.container.path.cgroup))
      held[one.container.path.cgroup] = std::move(*rules);
  }
  if (arguments.json) {
    print(explain_json(all, held));
  } else {
    print(explain_screen(all, held, wall_seconds(), look_of_output()));
  }
  return exit_good;
}

int verify(const Arguments& arguments) {
  ServiceClient service(arguments.places);
  Kernel kernel(arguments.places);
  const Comparison comparison = compare_twice(service, kernel);
  if (arguments.json) {
    print(verify_json(comparison));
  } else {
    print(verify_screen(comparison, look_of_output()));
  }
  return comparison.differences.empty() ? exit_good : exit_bad;
}

int health(const Arguments& arguments) {
  std::vector<HealthCheck> checks;
  try {
    ServiceClient service(arguments.places);
    if (arguments.live) {
      service.ping();
      checks = {turning()};
    } else {
      const Snapshot snapshot = service.snapshot();
      Kernel kernel(arguments.places);
      checks = health_of(snapshot, compare_twice(service, kernel));
    }
  } catch (const NotRunning&) {
    checks = health_of_files(arguments.places);
  } catch (const CallRefused& error) {
    checks = {{"service", false, error.what()}};
  }
  if (arguments.json) {
    print(health_json(checks));
  } else {
    print(health_screen(checks, look_of_output()));
  }
  return std::ranges::all_of(checks, &HealthCheck::good) ? exit_good : exit_bad;
}

int check_config(const Arguments& arguments) {
  const bool one_file = !arguments.file.empty();
  const std::string file = one_file ? arguments.file : arguments.places.config;
  ConfigText text;
  if (one_file) {
    read_config_file(file, text);
  } else {
    text = read_configuration(file);
  }
  ParsedConfig parsed = build_config(text.entries);
  text.errors.insert(text.errors.end(), parsed.errors.begin(), parsed.errors.end());
  if (arguments.json) {
    print(config_json(file, text.errors));
  } else {
    for (const ConfigMessage& message : text.errors) print(to_string(message));
    if (text.errors.empty()) print(file + ": no errors");
  }
  return text.errors.empty() ? exit_good : exit_config;
}

int pause(const Arguments& arguments) {
  ServiceClient service(arguments.places);
  const Snapshot snapshot = service.snapshot();
  const Selector selector = choose(snapshot, arguments.name);
  service.pause(selector.whom, arguments.span);
  return act(arguments, "pause", selector, static_cast<std::uint64_t>(arguments.span.count()),
             selector.shown + " is not limited for " + to_text(arguments.span) +
                 ", then again by itself; sooner: iopsctl resume " + arguments.name);
}

int resume(const Arguments& arguments) {
  ServiceClient service(arguments.places);
  const Snapshot snapshot = service.snapshot();
  const Selector selector = choose(snapshot, arguments.name);
  service.resume(selector.whom);
  return act(arguments, "resume", selector, {}, selector.shown + " is limited again");
}

int clear(const Arguments& arguments) {
  try {
    ServiceClient(arguments.places).clear();
  } catch (const NotRunning& error) {
    return clear_without_service(arguments, error);
  }
  return act(arguments, "clear", {}, {},
             "every limit is taken away, and none is written until 'iopsctl reload' or a restart "
             "of iops-limitd");
}

int reload(const Arguments& arguments) {
  ServiceClient(arguments.places).reload();
  return act(arguments, "reload", {}, {}, "the configuration was read again and is in force");
}

int show_names(const Arguments& arguments) {
  for (const std::string& word : words_of(ask(arguments.places).snapshot.containers)) print(word);
  return exit_good;
}

}  // namespace iopslimit
