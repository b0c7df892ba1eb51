// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/verbs.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "api/bus_connection.hpp"
#include "api/selector.hpp"
#include "cgroup/control_file.hpp"
#include "config/files.hpp"
#include "iopsctl/advise.hpp"
#include "iopsctl/client.hpp"
#include "iopsctl/json_text.hpp"
#include "iopsctl/screens.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/unit_limits.hpp"
#include "iopsctl/verify.hpp"
#include "limit/backend.hpp"
#include "limit/limit_files.hpp"
#include "limit/ownership_log.hpp"
#include "limit/rule_store.hpp"
#include "loop/clock.hpp"
#include "terminal/display.hpp"
#include "terminal/terminal.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

Comparison compare_twice(Client& service, Kernel& kernel) {
  const auto once = [&] {
    const Snapshot snapshot = service.snapshot();
    const std::vector<ContainerPath> present = kernel.containers();
    Comparison comparison = compare(
        snapshot, present, [&kernel](const std::string& cgroup) { return kernel.rules(cgroup); });
    add_strays(kernel.strays(present), snapshot, comparison);
    return comparison;
  };
  Comparison first = once();
  return first.good() ? first : in_both(first, once());
}

int act(const Arguments& arguments, const char* verb, const std::optional<Match>& match,
        std::optional<std::uint64_t> seconds, const std::string& text) {
  print(arguments.json ? done_json(verb, match, seconds) : text);
  return exit_good;
}

// Clears the rules that the service has recorded as its own. It is not running to write them again.
int clear_without_service(const Arguments& arguments) {
  const Kernel kernel(arguments.paths);
  const std::unique_ptr<LimitBackend> files = open_limit_files(kernel.tree());
  const auto noted = noted_rules(arguments.paths.rules);
  std::size_t cleared = 0;
  int status = exit_good;
  OwnershipLog ledger(*files, arguments.paths.rules, [](const std::string& text) {
    std::fprintf(stderr, "iopsctl: %s\n", printable(text).c_str());
  });
  for (const RuleKey& place : noted) {
    if (!may_hold_rules(place.cgroup)) {
      std::fprintf(stderr,
                   "iopsctl: %s has a line for %s, which is no container and no pod: left alone\n",
                   arguments.paths.rules.c_str(), printable(place.cgroup).c_str());
      status = exit_bad;
      continue;
    }
    std::error_code failed = check_beneath(kernel.tree().root, place.cgroup);
    const Limit held = ledger.read(place).value_or(symmetric(max_iops));
    if (!failed) failed = ledger.set(place, {}, held);
    const bool gone = failed == ControlError::cgroup_gone || failed == ControlError::device_refused;
    if (gone) ledger.drop(place);  // the rule went with its cgroup or disk
    if (failed && !gone) {
      std::fprintf(stderr, "iopsctl: cannot take the rule on %s from %s: %s\n",
                   to_string(place.device).c_str(), printable(place.cgroup).c_str(),
                   failed.message().c_str());
      status = exit_bad;
    }
    if (!failed) ++cleared;
  }
  const bool lifted = lift_unit_limits(
      arguments.paths.properties, system_bus_address(), [](const std::string& text) {
        std::fprintf(stderr, "iopsctl: %s\n", printable(text).c_str());
      });
  if (!lifted) status = exit_bad;
  act(arguments, "clear", {}, {},
      counted(cleared, "rule", "rules") +
          " taken away; iops-limitd is not running and writes none again");
  return status;
}

}  // namespace

int show_status(const Arguments& arguments) {
  const Answer answer = fetch(arguments.paths);
  if (arguments.json) {
    print(status_json(answer.snapshot, answer.source()));
  } else if (answer.from_service) {
    print(status_screen(answer.snapshot, wall_seconds(), output_style()));
  } else {
    print(kernel_status_screen(answer.snapshot, output_style()));
  }
  return end(arguments, answer);
}

int show_list(const Arguments& arguments) {
  Answer answer = fetch(arguments.paths);
  Kernel kernel(arguments.paths);
  const Loads loads = measure(kernel, answer.snapshot);
  kernel.mark_empty(answer.snapshot.containers);
  if (arguments.json) {
    print(list_json(answer.snapshot, loads, answer.source()));
  } else {
    print(list_screen(answer.snapshot, loads, arguments.all, wall_seconds(), output_style()));
  }
  return end(arguments, answer);
}

int show_devices(const Arguments& arguments) {
  const Answer answer = fetch(arguments.paths);
  if (arguments.json) {
    print(devices_json(answer.snapshot, answer.source()));
  } else {
    print(devices_screen(answer.snapshot, output_style()));
  }
  return end(arguments, answer);
}

int explain(const Arguments& arguments) {
  Client service(arguments.paths);
  const std::vector<Explained> all = service.explain(arguments.name);
  Kernel kernel(arguments.paths);
  std::map<std::string, std::vector<Rule>> held;
  for (const Explained& one : all) {
    if (auto rules = kernel.rules(one.container.path.cgroup))
      held[one.container.path.cgroup] = std::move(*rules);
  }
  if (arguments.json) {
    print(explain_json(all, held));
  } else {
    print(explain_screen(all, held, wall_seconds(), output_style()));
  }
  return exit_good;
}

int advise(const Arguments& arguments) {
  const std::vector<Advice> all = Client(arguments.paths).advice();
  const std::vector<Advice> found = advice_named(all, arguments.name);
  if (found.empty() && !arguments.name.empty()) {
    std::fprintf(
        stderr, "iopsctl: no workload, pod or container is called '%s', or none was observed yet\n",
        printable(arguments.name).c_str());
    return exit_usage;
  }
  if (arguments.json) {
    print(advise_json(found));
  } else if (arguments.ini) {
    print(advise_ini(found));
  } else if (found.empty()) {
    print("nothing was observed yet: is [advise] observe = yes, and do the pods do I/O?");
  } else {
    print(advise_screen(found, output_style()));
  }
  return exit_good;
}

int verify(const Arguments& arguments) {
  Client service(arguments.paths);
  Kernel kernel(arguments.paths);
  const Comparison comparison = compare_twice(service, kernel);
  if (arguments.json) {
    print(verify_json(comparison));
  } else {
    print(verify_screen(comparison, output_style()));
  }
  return comparison.good() ? exit_good : exit_bad;
}

int health(const Arguments& arguments) {
  std::vector<HealthCheck> checks;
  try {
    Client service(arguments.paths);
    if (arguments.live) {
      service.ping();
      checks = {answering()};
    } else {
      const Snapshot snapshot = service.snapshot();
      Kernel kernel(arguments.paths);
      checks = health_of(snapshot, compare_twice(service, kernel));
    }
  } catch (const NotRunning& error) {
    checks = {{"service", false, std::string("it is not running: ") + error.what()}};
  } catch (const CallRefused& error) {
    checks = {{"service", false, error.what()}};
  } catch (const std::runtime_error& error) {  // the hierarchy is not to be seen
    checks = {answering(), {"node", false, error.what()}};
  }
  if (arguments.json) {
    print(health_json(checks));
  } else {
    print(health_screen(checks, output_style()));
  }
  return std::ranges::all_of(checks, &HealthCheck::good) ? exit_good : exit_bad;
}

int check_config(const Arguments& arguments) {
  const bool one_file = !arguments.file.empty();
  const std::string file = one_file ? arguments.file : arguments.paths.config;
  std::vector<ConfigMessage> errors;
  if (one_file) {
    ConfigText text;
    read_config_file(file, text);
    errors = std::move(text.errors);
    std::ranges::move(build_config(text.entries).errors, std::back_inserter(errors));
  } else {
    errors = load_configuration(file).errors;
  }
  if (arguments.json) {
    print(config_json(file, errors));
  } else {
    for (const ConfigMessage& message : errors) print(printable(to_string(message)));
    if (errors.empty()) print(file + ": no errors");
  }
  return errors.empty() ? exit_good : exit_config;
}

int pause(const Arguments& arguments) {
  const Match match = Client(arguments.paths).pause(arguments.name, arguments.span);
  return act(arguments, "pause", match, static_cast<std::uint64_t>(arguments.span.count()),
             printable(match.name) + " is not limited for " + to_text(arguments.span) +
                 ", then again by itself; sooner: iopsctl resume " + arguments.name);
}

int resume(const Arguments& arguments) {
  const Match match = Client(arguments.paths).resume(arguments.name);
  return act(arguments, "resume", match, {}, printable(match.name) + " is limited again");
}

int clear(const Arguments& arguments) {
  try {
    Client(arguments.paths).clear();
  } catch (const NotRunning&) {
    if (is_socket_forbidden(arguments.paths)) throw;
    return clear_without_service(arguments);
  }
  return act(arguments, "clear", {}, {},
             "every limit is taken away, and none is written until 'iopsctl reload' or a restart "
             "of iops-limitd");
}

int reload(const Arguments& arguments) {
  Client(arguments.paths).reload();
  return act(arguments, "reload", {}, {}, "the configuration was read again and is in force");
}

int show_names(const Arguments& arguments) {
  const std::vector<std::string> words = arguments.files
                                             ? config_names(arguments.paths.config)
                                             : words_of(fetch(arguments.paths).snapshot.containers);
  for (const std::string& word : words) {
    if (printable(word) == word) print(word);  // a newline would make two words of it
  }
  return exit_good;
}

}  // namespace iopslimit
