// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "iopsctl/client.hpp"
#include "iopsctl/source.hpp"
#include "iopsctl/verbs.hpp"
#include "terminal/display.hpp"

namespace {

using namespace iopslimit;

using Verb = int (*)(const Arguments&);

constexpr const char* about =
    "Shows and changes what iops-limitd does: the disk I/O limits of this node's containers.";

constexpr const char* more =
    "CONTAINER is an ID, a name, POD/NAME or NAMESPACE/POD/NAME. POD is a UID, a name or\n"
    "NAMESPACE/NAME. Any unambiguous prefix works. Put -- before a name that begins with a dash.\n"
    "\n"
    "Exit status: 0 good; 1 a difference, not healthy, or refused; 2 a wrong argument, or a name\n"
    "that matches none or several; 3 iops-limitd is not running (status, list, devices, top and\n"
    "why then show what the kernel holds); 4 not permitted; 78 the configuration has errors.\n"
    "The status of diff: 0 nothing would change; 1 something would; 2 and more as above, 2 too\n"
    "when the service cannot tell.\n"
    "The status of why is its verdict: 0 nothing holds it back; 10 its own limit, or without a\n"
    "name somebody is held back; 11 the total; 12 the disk; 13 other storage; 14 cannot tell.\n"
    "\n"
    "Examples:\n"
    "  iopsctl explain shop/db-0             why is this pod limited to what it is limited to?\n"
    "  iopsctl why shop/db-0                 is it slow because of its limit?\n"
    "  iopsctl pause shop/db-0 --for 30m     let it go, for half an hour\n"
    "  iopsctl diff                          what would a reload change?\n"
    "  iopsctl list --json | jq '.containers[] | select(.state == \"failed\")'\n"
    "See iopsctl(1).";

/// The command line for CLI11.
class CommandLine {
 public:
  CommandLine() : app_(about, "iopsctl") {
    app_.set_version_flag("--version", "iopsctl " IOPS_LIMITD_VERSION);
    app_.add_option("--root", root_)->group("");  // for tests
    app_.footer(more);
    app_.require_subcommand(1);
    add("status", "The disks, how many containers are what, the last error", show_status);
    add("list", "Every container: its limit, why, and its IOPS now", show_list)
        ->add_flag("-a,--all", arguments_.all, "The pods' sandboxes too");
    add("top", "Live: what each container does, against its limit", show_top)
        ->add_option("-n,--times", arguments_.times, "End after this many screens")
        ->type_name("COUNT");
    named(add("explain", "Every rule that was checked, and what the kernel holds", explain));
    add("why", "What holds its I/O back now: its limit, the total, the disk, or nothing", why)
        ->add_option("CONTAINER|POD", arguments_.name, "Its name; without one: who is held back");
    auto* advise_verb = add("advise", "Which limit each workload needs, from what it used", advise);
    advise_verb->add_option("NAME", arguments_.name, "Of a workload, a pod or a container");
    auto* ini = advise_verb->add_flag("--ini", arguments_.ini, "Sections for the configuration");
    ini->excludes(advise_verb->get_option("--json"));
    add("verify", "Compares every limit with the kernel; status 1 when one differs", verify);
    add("health", "For probes: it turns, and every rule holds; status 0 or 1", health)
        ->add_flag("-l,--live", arguments_.live, "Only whether its loop turns");
    add("diff", "What a reload would change; status 1 when anything", diff);
    auto* edit_verb =
        app_.add_subcommand("edit", "Edits the configuration: checks, installs, reloads");
    edit_verb->add_option("FILE", arguments_.file, "A file in conf.d; without it iops-limitd.conf");
    edit_verb->callback([this] { verb_ = edit; });
    add("devices", "The data mounts, down to the disks", show_devices);
    add("check-config", "Every error of the configuration; status 78 when there is one",
        check_config)
        ->add_option("FILE", arguments_.file, "This file alone, without conf.d and environment");
    add_calibrate();
    auto* pause_verb = named(add("pause", "Takes a limit away, for a while", pause));
    pause_verb->add_option("-f,--for", span_, "How long: 90s, 10m, 2h; at most 24h")
        ->type_name("TIME")
        ->capture_default_str();
    named(add("resume", "Ends a pause", resume));
    add("reload", "Reads the configuration again", reload);
    add("clear", "Takes every limit away, until the next reload or restart", clear);
    auto* names = add("names", "", show_names);  // for the completions
    names->group("");
    names->add_flag("--files", arguments_.files, "");
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? exit_good : exit_usage;  // 0 for --help and --version
    }
    arguments_.paths = Paths(root_);
    const auto span = parse_span(span_);
    if (!span || *span > Pauses::longest) {
      std::fprintf(stderr, "iopsctl: '--for %s': a time like 90s, 10m or 2h, at most 24h\n",
                   span_.c_str());
      return exit_usage;
    }
    arguments_.span = *span;
    return verb_(arguments_);
  }
  const Paths& paths() const { return arguments_.paths; }

 private:
  CLI::App* add(const char* name, const char* what, Verb verb) {
    CLI::App* sub = app_.add_subcommand(name, what);
    sub->add_flag("--json", arguments_.json, "One JSON document, for programs");
    sub->callback([this, verb] { verb_ = verb; });
    return sub;
  }
  void add_calibrate() {
    CLI::App* sub = add("calibrate", "Measures the disk, and proposes total_iops", calibrate);
    sub->add_option("MOUNT", arguments_.mount, "A data mount; without it the first one");
    constexpr unsigned least = 30;  // shorter phases would say too little
    constexpr unsigned most = 3600;
    sub->add_option("-s,--seconds", arguments_.seconds, "How long, about")
        ->check(CLI::Range(least, most))
        ->capture_default_str();
    sub->add_flag("-y,--yes", arguments_.yes, "On a busy disk and beside running pods, too");
  }
  CLI::App* named(CLI::App* sub) {
    sub->add_option("CONTAINER|POD", arguments_.name, "Its name, or the start of its id")
        ->required();
    return sub;
  }

  CLI::App app_;
  Arguments arguments_;
  std::string root_;
  std::string span_ = "10m";
  Verb verb_ = nullptr;
};

int answer(CommandLine& line, int argc, char** argv) {
  try {
    return line.run(argc, argv);
  } catch (const NotRunning& error) {
    std::fprintf(stderr, "%s\n", advice(line.paths(), error.what()).c_str());
    return exit_not_running;
  } catch (const CallRefused& error) {
    std::fprintf(stderr, "iopsctl: %s\n", printable_lines(error.what()).c_str());
    return status_of(error);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    use_utf8_locale();
    CommandLine line;
    return answer(line, argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "iopsctl: %s\n", printable_lines(error.what()).c_str());
    return exit_bad;
  }
}
