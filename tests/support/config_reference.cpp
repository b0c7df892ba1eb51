// SPDX-License-Identifier: Apache-2.0
// Prints the reference of the configuration from the table of keys: the sample file, the manual
// page or the Markdown page. `./dev docs` writes the three files with it.
//
// Usage: config_reference --sample | --man | --markdown
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "config/keys.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t width = 120;

/// What a section is about; the keys have their texts in the table.
const std::map<std::string, std::string> introductions{
    {"[device]",
     "The data mount. Further data mounts have sections of their own, `[device NAME]`."},
    {"[limits]",
     "What a container may do, where no policy says otherwise. IOPS are 0, which is unlimited, or "
     "a "
     "number from 2 to 4294967294. Bytes per second can have one of the suffixes K, M and G "
     "(1024)."},
    {"[exclude]", "Containers without any limit. This section comes before every policy."},
    {"[annotations]",
     "What pods may ask for by the annotations `PREFIX/iops`, `read-iops`, `write-iops`, `bps`, "
     "`read-bps` and `write-bps`. Where containers borrow, `PREFIX/ceiling-iops` lowers "
     "`ceiling_iops`."},
    {"[runtime]", "Where the names of containers come from."},
    {"[cgroup]", "The hierarchy that carries the limits."},
    {"[service]", "The service itself."},
    {"[advise]", "What the containers use, for `iopsctl advise`."},
    {"[device NAME]",
     "A further data mount; any number of sections. A container has a rule on the devices of each "
     "mount. Where two mounts are on one device the stricter limit counts."},
    {"[policy NAME]",
     "Other limits for some containers; any number of sections. The first policy whose patterns "
     "all "
     "match applies. Patterns are shell globs, and `*` matches a `/` too. A property of a "
     "container "
     "that is not known matches no pattern."}};

constexpr std::string_view example_mounts = R"([limits]
iops = 800
total_iops = 10000

[device logs]
mount = /logs
iops = 200
)";

constexpr std::string_view example_policies = R"([policy database]
namespace = prod
container = postgres
exempt = yes

[policy prod]
namespace = prod
iops = 1000
max_iops = 2000
)";

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

/// The words of `text` in lines that are no longer than `width`, each behind `prefix`.
std::string wrapped(const std::string& text, const std::string& prefix = "") {
  std::string lines;
  std::string line = prefix;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() > prefix.size() && line.size() + 1 + word.size() > width) {
      lines += line + "\n";
      line = prefix;
    }
    line += (line.size() > prefix.size() ? " " : "") + word;
    at = end + 1;
  }
  return lines + line + "\n";
}

/// `text` with each `literal` rewritten.
std::string with_literals(std::string_view text,
                          const std::function<std::string(const std::string&)>& rewrite) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = std::min(text.find('`', at), text.size());
    result += text.substr(at, open - at);
    if (open == text.size()) break;
    const std::size_t close = text.find('`', open + 1);
    result += rewrite(std::string(text.substr(open + 1, close - open - 1)));
    at = close + 1;
  }
  return result;
}

bool takes(const SectionKind& kind, const ConfigKey& key) {
  if (key.section == kind || !kind.named) return false;
  return kind.word == "device" ? key.also_in != ConfigKey::Also::nowhere
                               : key.also_in == ConfigKey::Also::devices_and_policies;
}

/// "`iops`, `bps`": the keys of other sections that a named section takes too.
std::string borrowed_keys(const SectionKind& kind) {
  std::string text;
  for (const ConfigKey& key : config_keys()) {
    if (takes(kind, key)) text += (text.empty() ? "`" : ", `") + std::string(key.key) + "`";
  }
  return text;
}

std::string introduction(const SectionKind& kind) {
  const std::string text = introductions.at(to_string(kind));
  if (!kind.named) return text;
  const std::string keys = borrowed_keys(kind);
  if (kind.word == "policy")
    return text + " It also takes these keys of [limits]: " + keys +
           ". One that is not set has the value from there.";
  return text + " It takes these keys of [device] and [limits], for this mount alone: " + keys +
         ". `mount` has to be set. `limit_at` and `shared_disk` that are not set have their "
         "defaults; any other key that is not set has the value from [limits].";
}

// ---- the sample file ---------------------------------------------------------------------------

void print_sample() {
  print(R"(# SPDX-License-Identifier: Apache-2.0
#
# iops-limitd limits the disk I/O of every container of this node on the disk behind the data mount.
#
# Every key is here with its default. To change one, remove the '#' before it and write another value. Values in the
# files conf.d/*.conf beside this file win over this file. The environment variables named below win over both.
#
#   check the configuration:   iops-limitd --check-config
#   apply it:                  systemctl reload iops-limitd
#   read more about a key:     man 5 iops-limitd.conf
#
# Write a comment on a line of its own. After a value only ' ;' (a space and a semicolon) begins a comment; '#' does not.
)");
  for (const SectionKind& kind : section_kinds()) {
    if (kind.named) continue;
    print("\n" + to_string(kind) + "\n");
    bool first = true;
    for (const ConfigKey& key : config_keys()) {
      if (key.section != kind) continue;
      std::string what = with_literals(key.what, [](const std::string& one) { return one; });
      if (!key.environment.empty()) what += " (" + std::string(key.environment) + ")";
      print((first ? "" : "\n") + wrapped(what, "# ") + "#" + std::string(key.key) + " =" +
            (key.default_text.empty() ? "" : " " + std::string(key.default_text)) + "\n");
      first = false;
    }
  }
  print(R"(
# Further data mounts, any number of sections. They take the keys of [device], and those of [limits] (scope apart) for
# this mount alone.
#
#   [device logs]
#   mount = /logs
#   iops = 200

# Other limits for some containers, any number of sections. The first section that matches applies. It matches when all
# its patterns match: of namespace, pod, container, image, qos and label.KEY. Then it has keys of [limits], or
# exempt = yes. max_iops and max_bps are the most that these pods may ask for by annotations.
#
#   [policy databases]
#   namespace = prod-*
#   label.app = postgres
#   iops = 2000
#   max_iops = 4000
#   max_bps = 200M
#
#   [policy batch]
#   pod = *-batch-*
#   container = worker
#   image = registry.example.org/batch/*
#   qos = besteffort
#   exempt = no
#   read_bps = 50M
)");
}

// ---- the manual page ---------------------------------------------------------------------------

std::string roff(std::string_view text) {
  return with_literals(text, [](const std::string& literal) {
    std::string bold;
    for (const char letter : literal) bold += letter == '-' ? "\\-" : std::string(1, letter);
    return "\\fB" + bold + "\\fR";
  });
}

void print_man_key(const ConfigKey& key) {
  print(".TP\n.B " + std::string(key.key) + "\n" + wrapped(roff(key.what)));
  if (!key.more.empty()) print(wrapped(roff(key.more)));
  if (!key.default_text.empty()) print("Default: " + std::string(key.default_text) + ".\n");
  if (!key.environment.empty()) print("Environment: " + std::string(key.environment) + ".\n");
}

void print_man() {
  print(R"(.\" SPDX-License-Identifier: Apache-2.0
.\" Written by ./dev docs from the table of keys: edit that, not this file.
.TH IOPS-LIMITD.CONF 5 "" "iops-limitd" "File formats"
.SH NAME
iops-limitd.conf \- configuration of iops-limitd(8)
.SH SYNOPSIS
.I /etc/iops-limitd/iops-limitd.conf
.br
.I /etc/iops-limitd/conf.d/*.conf
.br
.I /etc/default/iops-limitd
.SH DESCRIPTION
The files have lines of the form
.I key = value
below a
.RI [ section ].
The service reads
.I iops-limitd.conf
first, then the files in
.I conf.d
in the order of their names, then the environment variables; a later value wins.
.I /etc/default/iops-limitd
sets environment variables; systemd reads it when the service starts.
.PP
A line that begins with # or ; is a comment. After a value, only a blank and a semicolon begin a comment. Values are not
quoted. Lists are separated by commas. Unknown sections, unknown keys and bad values are errors, reported with file and
line:
.PP
.EX
iops-limitd \-\-check\-config
.EE
)");
  for (const SectionKind& kind : section_kinds()) {
    print(".SH " + to_string(kind) + "\n" + wrapped(roff(introduction(kind))));
    for (const ConfigKey& key : config_keys()) {
      if (key.section == kind) print_man_key(key);
    }
  }
  print(".SH EXAMPLES\nA higher limit, and one more data mount:\n.PP\n.EX\n");
  print(example_mounts);
  print(".EE\n.PP\nOne namespace, and within it a database that is not limited:\n.PP\n.EX\n");
  print(example_policies);
  print(".EE\n.SH SEE ALSO\n.BR iops-limitd (8),\n.BR iopsctl (1)\n");
}

// ---- the Markdown page -------------------------------------------------------------------------

std::string cell(std::string_view text) {
  return text.empty() ? "" : "`" + std::string(text) + "`";
}

std::string as_is(std::string_view text) {
  return std::string(text);
}

void print_environment() {
  print("## Environment variables\n\n");
  print(
      wrapped("An environment variable wins over the files. A package reads them from "
              "`/etc/default/iops-limitd` when the service starts; the DaemonSet from its "
              "ConfigMap."));
  print("\n| variable | key |\n|---|---|\n");
  for (const ConfigKey& key : config_keys()) {
    if (key.environment.empty()) continue;
    print("| " + cell(key.environment) + " | `" + to_string(key.section) + " " + as_is(key.key) +
          "` |\n");
  }
}

void print_markdown_section(const SectionKind& kind) {
  print("\n## " + to_string(kind) + "\n\n" + wrapped(introduction(kind)));
  bool head = false;
  for (const ConfigKey& key : config_keys()) {
    if (key.section != kind) continue;
    if (!head) print("\n| key | default | what it does |\n|---|---|---|\n");
    head = true;
    print("| " + cell(key.key) + " | " + cell(key.default_text) + " | " + as_is(key.what) + " |\n");
  }
  for (const ConfigKey& key : config_keys()) {
    if (key.section == kind && !key.more.empty())
      print("\n" + wrapped(cell(key.key) + ": " + as_is(key.more)));
  }
}

void print_markdown() {
  print(R"(<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Written by ./dev docs from the table of keys: edit that, not this file. -->
# Configuration

The service reads `/etc/iops-limitd/iops-limitd.conf` first, then the files `/etc/iops-limitd/conf.d/*.conf` in the order
of their names, then environment variables. A later value wins. The installed file has every key with its default.

```ini
)");
  print(R"([limits]
iops = 800               ; each container, each direction; 0 = unlimited
write_bps = 50M          ; bytes per second
total_iops = 10000

[exclude]
keywords = pause, istio-proxy, postgres
)");
  print(R"(```

A line that begins with `#` or `;` is a comment. After a value, only a blank and a semicolon begin a comment. Values are
not quoted. Lists are separated by commas.

`iops-limitd --check-config` prints every error as `file:line: message`. `systemctl reload iops-limitd` applies the
difference and nothing else. With errors in the files the service does not start (exit status 78), and a reload fails:
the old configuration stays in force, and `systemctl status` says so.

)");
  print_environment();
  for (const SectionKind& kind : section_kinds()) print_markdown_section(kind);
  print("\n## Examples\n\nA higher limit, and one more data mount:\n\n```ini\n");
  print(example_mounts);
  print("```\n\nOne namespace, and within it a database that is not limited:\n\n```ini\n");
  print(example_policies);
  print("```\n\nMore policies are in [policies.md](policies.md).\n");
}

}  // namespace
}  // namespace iopslimit

int main(int count, char** words) {
  const std::string_view form = count == 2 ? words[1] : "";
  if (form == "--sample") {
    iopslimit::print_sample();
  } else if (form == "--man") {
    iopslimit::print_man();
  } else if (form == "--markdown") {
    iopslimit::print_markdown();
  } else {
    std::fputs("usage: config_reference --sample | --man | --markdown\n", stderr);
    return 2;
  }
}
