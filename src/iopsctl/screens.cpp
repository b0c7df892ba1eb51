// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/screens.hpp"

#include <algorithm>
#include <utility>

#include "iopsctl/share_text.hpp"
#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t label_width = 12;

// Adds "     Device: text", like `systemctl status`. Wraps a text that is too wide.
void add(Lines& lines, const std::string& label, const std::string& text, const Style& style,
         Colour colour = Colour::none) {
  const std::string title = label.empty() ? "" : label + ": ";
  std::string indent(label_width + 2 - display_width(title), ' ');
  indent += title;
  std::string rest = text;
  const std::size_t room = style.width && *style.width > label_width + 20
                               ? *style.width - label_width - 2
                               : std::string::npos;
  while (display_width(rest) > room) {
    const auto blank = rest.rfind(' ', bytes_within(rest, room - 1));
    if (blank == std::string::npos || blank == 0) break;
    lines.push_back(indent + coloured(rest.substr(0, blank), colour, style.colours));
    rest.erase(0, blank + 1);
    indent.assign(label_width + 2, ' ');
  }
  lines.push_back(indent + coloured(rest, colour, style.colours));
}

// Cuts a device's name to what fits beside "Device".
std::string device_label(const std::string& name) {
  const std::string label = printable(name);
  return label.substr(0, bytes_within(label, label_width - 7));
}

Colour colour_of(State state) {
  switch (state) {
    case State::limited:
      return Colour::good;
    case State::failed:
      return Colour::bad;
    case State::paused:
    case State::pending:
      return Colour::warning;
    case State::exempt:
    case State::sandbox:
      return Colour::dim;
  }
  return Colour::none;
}

Colour colour_of(DeviceState state) {
  if (state == DeviceState::limited) return Colour::good;
  return state == DeviceState::waiting ? Colour::warning : Colour::bad;
}

std::string counts(const Snapshot& snapshot) {
  std::string text;
  for (const auto& [state, word] : state_words) {
    const auto count = snapshot.count(state);
    if (count == 0 && state != State::limited) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(word);
  }
  return text;
}

std::string budget(const DeviceView& device) {
  const std::string used = "the limits add up to read " + std::to_string(device.used.read_iops) +
                           ", write " + std::to_string(device.used.write_iops) + " IOPS";
  if (device.total_iops == 0) return used + "; no total is set";
  const auto most = std::max(device.used.read_iops, device.used.write_iops);
  return used + ", " + percent(static_cast<double>(most) / static_cast<double>(device.total_iops)) +
         " of the total of " + std::to_string(device.total_iops) +
         (most > device.total_iops ? " that all of them share" : "");
}

std::string standing_text(const WorkloadView& one, std::uint64_t now) {
  std::string text(word_of(one.state, state_words));
  if (one.state == State::paused) text += ", limited again " + distance(one.paused_until, now);
  return text;
}

std::string pod_text(const WorkloadView& one) {
  if (!one.pod.empty()) return one.pod_namespace + "/" + one.pod;
  return one.path.pod_uid.empty() ? "-" : "pod " + one.path.pod_uid;
}

std::string container_text(const WorkloadView& one) {
  if (one.path.id.empty()) return "(the pod)";
  return one.name.empty() ? one.path.id.substr(0, 12) : one.name;
}

std::string why_text(const WorkloadView& one, std::uint64_t now) {
  if (one.state == State::paused) return "limited again " + distance(one.paused_until, now);
  if (!one.error.empty()) return one.error;
  std::string text = (one.empty ? "no process is in it; " : "") + one.reason;
  for (const std::string& note : {share_note(one), at_limit_note(one)})
    text += (note.empty() ? "" : "; ") + note;
  return text;
}

}  // namespace

Lines status_screen(const Snapshot& snapshot, std::uint64_t now, const Style& style) {
  Lines lines;
  const bool recalled = snapshot.sharing.state == ShareState::recalled;
  const bool good = snapshot.count(State::failed) == 0 && !snapshot.reload_refused &&
                    !snapshot.cleared && snapshot.waiting().empty() && snapshot.problems.empty() &&
                    !recalled;
  lines.push_back(coloured("●", good ? Colour::good : Colour::warning, style.colours) +
                  " iops-limitd " + printable(snapshot.version) + ", running since " +
                  moment(snapshot.since) + " (" + distance(snapshot.since, now) + ")");
  if (snapshot.dry_run)
    add(lines, "Mode", "dry run: every limit is decided, none is written", style, Colour::warning);
  if (snapshot.cleared)
    add(lines, "Mode", "cleared: nothing is limited until 'iopsctl reload'", style, Colour::bad);
  for (const std::string& problem : snapshot.problems)
    add(lines, "Problem", printable(problem), style, Colour::bad);
  if (!snapshot.hierarchy.empty()) add(lines, "Cgroups", printable(snapshot.hierarchy), style);
  for (const DeviceView& device : snapshot.devices) {
    add(lines, device.name.empty() ? "Device" : "Device " + device_label(device.name),
        printable(device.text), style, colour_of(device.state));
    for (const std::string& caution : device.cautions)
      add(lines, "", printable(caution), style, Colour::warning);
    if (device.state == DeviceState::limited) add(lines, "Budget", budget(device), style);
  }
  add(lines, snapshot.scope == LimitScope::pod ? "Pods" : "Containers", counts(snapshot), style,
      snapshot.count(State::failed) == 0 ? Colour::none : Colour::bad);
  add(lines, "Sharing", printable(share_state_text(snapshot)), style,
      recalled ? Colour::warning : Colour::none);
  if (!snapshot.runtime_socket.empty())
    add(lines, "Runtime", printable(snapshot.runtime_socket), style);
  if (snapshot.left_alone != 0)
    add(lines, "Left alone",
        counted(snapshot.left_alone, "cgroup looks", "cgroups look") +
            " as if it had to be limited; journalctl -u iops-limitd names the first of each folder",
        style, Colour::warning);
  add(lines, "Rules",
      std::to_string(snapshot.writes) + " written, " + std::to_string(snapshot.repaired) +
          " restored after another process changed them, " + std::to_string(snapshot.errors) +
          " not taken by the kernel",
      style);
  add(lines, "Reload",
      snapshot.last_reload == 0
          ? "none since the start"
          : moment(snapshot.last_reload) + " (" + distance(snapshot.last_reload, now) + ")" +
                (snapshot.reload_refused
                     ? ": refused, the older configuration holds; see 'iopsctl check-config'"
                     : ""),
      style, snapshot.reload_refused ? Colour::bad : Colour::none);
  add(lines, "Last error",
      snapshot.last_error.empty()
          ? "none"
          : distance(snapshot.last_error_at, now) + ": " + printable(snapshot.last_error),
      style);
  return lines;
}

Lines kernel_status_screen(const Snapshot& snapshot, const Style& style) {
  Lines lines;
  lines.push_back(coloured("○", Colour::bad, style.colours) +
                  " iops-limitd is not running; this is what the kernel holds");
  for (const DeviceView& device : snapshot.devices) {
    add(lines, "Device", printable(device.text), style);
    add(lines, "Budget", budget(device), style);
  }
  if (snapshot.devices.empty()) add(lines, "Device", "no container has a rule", style);
  const auto limited = snapshot.count(State::limited);
  add(lines, "Containers",
      std::to_string(limited) + " limited, " +
          std::to_string(snapshot.containers.size() - limited) + " without a rule",
      style);
  return lines;
}

Lines list_screen(const Snapshot& snapshot, const Loads& loads, bool all, std::uint64_t now,
                  const Style& style) {
  const std::vector<Column> columns{{.title = "POD", .share = 0.3},
                                    {.title = "CONTAINER", .share = 0.2},
                                    {.title = "STATE"},
                                    {.title = "LIMIT"},
                                    {.title = "IOPS", .right = true},
                                    {.title = "WHY", .share = 0.2}};
  std::vector<const WorkloadView*> shown;
  for (const WorkloadView& one : snapshot.containers) {
    if (all || one.state != State::sandbox) shown.push_back(&one);
  }
  std::ranges::sort(shown, {}, [](const WorkloadView* one) {
    return std::pair(pod_text(*one), container_text(*one));
  });
  std::vector<std::vector<Cell>> rows;
  for (const WorkloadView* one : shown) {
    const auto load = loads.find(one->path.cgroup);
    rows.push_back({printable(pod_text(*one)),
                    printable(container_text(*one)),
                    {std::string(word_of(one->state, state_words)), colour_of(one->state)},
                    shared_limits(*one),
                    load == loads.end() ? "-" : short_number(load->second.iops()),
                    printable(why_text(*one, now))});
  }
  Lines lines = table(columns, rows, style);
  const std::size_t hidden = snapshot.containers.size() - shown.size();
  if (hidden != 0)
    lines.push_back(
        coloured(truncate(counted(hidden, "sandbox is", "sandboxes are") + " not shown: --all",
                          style.width.value_or(std::string::npos)),
                 Colour::dim, style.colours));
  return lines;
}

Lines devices_screen(const Snapshot& snapshot, const Style& style) {
  const std::vector<Column> columns{{.title = "MOUNT"},
                                    {.title = "STATE"},
                                    {.title = "RULES ON"},
                                    {.title = "TOTAL", .right = true},
                                    {.title = "USED", .right = true},
                                    {.title = "CHAIN", .share = 0.3}};
  std::vector<std::vector<Cell>> rows;
  for (const DeviceView& device : snapshot.devices) {
    std::string numbers;
    for (const Devnum devnum : device.devices)
      numbers += (numbers.empty() ? "" : ", ") + to_string(devnum);
    rows.push_back(
        {device.mount.empty() ? "-" : printable(device.mount),
         {std::string(word_of(device.state, device_state_words)), colour_of(device.state)},
         numbers.empty() ? "-" : numbers,
         device.total_iops == 0 ? "-" : std::to_string(device.total_iops),
         short_limit(device.used),
         printable(device.text)});
    if (device.used.unlimited()) rows.back()[4].text = "0";
  }
  return table(columns, rows, style);
}

Lines explain_screen(const std::vector<Explained>& all,
                     const std::map<std::string, std::vector<Rule>>& kernel, std::uint64_t now,
                     const Style& style) {
  Lines lines;
  for (const auto& [one, steps] : all) {
    if (!lines.empty()) lines.emplace_back();
    lines.push_back(coloured(printable(shown_name(one)), Colour::bold, style.colours) + ": " +
                    coloured(standing_text(one, now), colour_of(one.state), style.colours));
    if (!one.path.id.empty()) add(lines, "Container", one.path.id, style);
    if (!one.image.empty()) add(lines, "Image", printable(one.image), style);
    add(lines, "Cgroup", printable(one.path.cgroup), style);
    for (std::size_t at = 0; at < steps.size(); ++at)
      add(lines, at == 0 ? "Looked at" : "", std::to_string(at + 1) + ". " + printable(steps[at]),
          style);
    add(lines, "So", printable(one.reason), style);
    for (const auto& [label, text] : share_lines(one)) add(lines, label, text, style);
    if (!one.error.empty()) add(lines, "But", printable(one.error), style, Colour::bad);
    const auto held = kernel.find(one.path.cgroup);
    if (held == kernel.end()) {
      add(lines, "Kernel", "its files cannot be read: is it gone?", style, Colour::warning);
    } else if (held->second.empty()) {
      add(lines, "Kernel", "holds no rule for it", style);
    } else {
      for (const Rule& rule : held->second) add(lines, "Kernel", describe(rule), style);
    }
  }
  return lines;
}

Lines verify_screen(const Comparison& comparison, const Style& style) {
  Lines lines;
  const auto add = [&](const std::string& shown, const std::string& text) {
    lines.push_back(coloured(printable(shown), Colour::bad, style.colours) + " " + printable(text));
  };
  for (const Difference& one : comparison.differences) add(one.shown, one.text);
  for (const Missing& one : comparison.missing) add(one.shown, one.text);
  std::string sum = counted(comparison.rules, "rule", "rules") + " compared";
  if (comparison.differences.empty()) {
    sum += ": all hold";
  } else {
    sum += ", " + counted(comparison.differences.size(), "difference", "differences") +
           "; the service puts them right at its next check";
  }
  if (!comparison.missing.empty())
    sum += "; nothing is in force for " + std::to_string(comparison.missing.size()) + ", see above";
  lines.push_back(sum);
  return lines;
}

Lines health_screen(const std::vector<HealthCheck>& checks, const Style& style) {
  Lines lines;
  for (const HealthCheck& check : checks)
    lines.push_back(coloured(check.good ? "good" : "BAD ", check.good ? Colour::good : Colour::bad,
                             style.colours) +
                    "  " + check.name + ": " + printable(check.text));
  return lines;
}

}  // namespace iopslimit
