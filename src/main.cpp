// SPDX-License-Identifier: Apache-2.0
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "config/config.hpp"
#include "config/files.hpp"
#include "report/utf8.hpp"
#include "service/service.hpp"

namespace {

using namespace iopslimit;
constexpr const char* default_config = IOPS_LIMITD_CONFIG;

// Reads and checks the configuration; prints its errors. With `only` reads just this file, without
// conf.d and the environment.
bool load(const std::string& file, bool only, ParsedConfig& parsed) {
  ConfigText text;
  if (only) {
    read_config_file(file, text);
  } else {
    text = read_configuration(file);
  }
  parsed = build_config(text.entries);
  text.errors.insert(text.errors.end(), parsed.errors.begin(), parsed.errors.end());
  for (const ConfigMessage& error : text.errors)
    std::fprintf(stderr, "%s\n", sanitize_utf8(to_string(error)).c_str());
  return text.errors.empty();
}

int check_config(const std::string& named) {
  const std::string file = named.empty() ? default_config : named;
  ParsedConfig parsed;
  const bool good = load(file, !named.empty(), parsed);
  if (good) std::printf("%s: no errors\n", file.c_str());
  return good ? EX_OK : EX_CONFIG;
}

int serve(bool dry_run, const ServicePaths& paths) {
  ParsedConfig parsed;
  if (!load(paths.config_file, false, parsed)) return EX_CONFIG;
  parsed.config.dry_run = parsed.config.dry_run || dry_run;
  Service(paths, std::move(parsed)).run();
  return EX_OK;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app{
        "Limits the disk I/O of every container of this Kubernetes node on the disk behind /data.\n"
        "Configured by " IOPS_LIMITD_CONFIG
        ". Started by systemd;\n"
        "reload: systemctl reload iops-limitd, log: journalctl -u iops-limitd.",
        "iops-limitd"};
    std::string named;
    bool dry_run = false;
    std::string log = "auto";
    ServicePaths paths{.config_file = default_config};
    app.set_version_flag("--version", "iops-limitd " IOPS_LIMITD_VERSION);
    auto* check =
        app.add_option(
               "--check-config", named,
               "Check the configuration (or one FILE alone), print every error as file:line: "
               "message, and exit: 0 good, 78 errors")
            ->expected(0, 1)
            ->type_name("[FILE]");
    app.add_flag("--dry-run", dry_run,
                 "Decide and log every limit, write none; as [service] dry_run = yes");
    app.add_option("--log", log,
                   "auto, journal, or lines of text or json to standard output; auto: the journal "
                   "where stderr leads there, else text")
        ->check(CLI::IsMember({"auto", "journal", "text", "json"}).description(""))
        ->type_name("FORM");
    app.add_option("--mountinfo", paths.mountinfo,
                   "The file that lists the node's mounts; in a container with the node's PIDs: "
                   "/proc/1/mountinfo")
        ->type_name("FILE");
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? EX_OK : EX_USAGE;  // --help and --version arrive here too
    }
    paths.log = log_form_named(log);
    return check->count() != 0 ? check_config(named) : serve(dry_run, paths);
  } catch (const ConfigRefused& error) {
    std::fprintf(stderr, "<3>%s\n", sanitize_utf8(error.what()).c_str());
    return EX_CONFIG;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "<3>iops-limitd: %s\n", sanitize_utf8(error.what()).c_str());
    return EXIT_FAILURE;
  }
}
