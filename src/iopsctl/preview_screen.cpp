// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/preview_screen.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit {
namespace {

std::string text_of(const std::optional<std::string>& value) {
  if (!value) return "not set";
  return value->empty() ? "(empty)" : printable(*value);
}

std::string text_of(const DeviceChange::Side& side) {
  if (side.mount.empty()) return "-";
  std::string text = side.mount + ": " + std::string(word_of(side.state, device_state_words));
  for (const Devnum device : side.devices) text += " " + to_string(device);
  text += side.total_iops == 0 ? ", no total" : ", total " + std::to_string(side.total_iops);
  return printable(text);
}

std::string text_of(const WorkloadChange::Side& side) {
  if (!side.seen) return "not limited by itself";
  std::string text(word_of(side.state, state_words));
  if (side.state == State::limited)
    text = short_limits(side.rules);
  else if (!side.rules.empty())
    text += ", " + short_limits(side.rules);
  return side.sharing.empty() ? text : text + " (" + side.sharing + ")";
}

std::string name_of(const WorkloadChange& one) {
  WorkloadView view;
  view.path.id = one.id;
  view.path.pod_uid = one.pod_uid;
  view.name = one.name;
  view.pod = one.pod;
  view.pod_namespace = one.pod_namespace;
  return printable(shown_name(view));
}

void append(Lines& lines, const std::vector<Column>& columns,
            const std::vector<std::vector<Cell>>& rows, const Style& style) {
  if (rows.empty()) return;
  if (!lines.empty()) lines.emplace_back();
  for (std::string& line : table(columns, rows, style)) lines.push_back(std::move(line));
}

bool is_sandbox(const WorkloadChange& one) {
  return (one.after.seen ? one.after : one.before).state == State::sandbox;
}

std::string sum_of(const PreviewView& view) {
  const auto settings =
      static_cast<std::uint64_t>(std::ranges::count(view.keys, false, &KeyChange::at_restart));
  const auto sandboxes =
      static_cast<std::uint64_t>(std::ranges::count_if(view.workloads, is_sandbox));
  std::string text = counted(settings, "setting", "settings") + " and " +
                     counted(view.workloads.size() - sandboxes, "container", "containers");
  if (sandboxes != 0) text += " (and " + counted(sandboxes, "sandbox", "sandboxes") + ")";
  text += " would change by a reload";
  const auto later = view.keys.size() - settings;
  if (later != 0)
    text += ", " + counted(later, "setting", "settings") + " by a restart of iops-limitd";
  return text;
}

}  // namespace

Lines preview_screen(const PreviewView& view, std::size_t most, const Style& style) {
  if (view.empty()) return {"nothing would change"};
  Lines lines;
  for (const std::string& note : view.notes) lines.push_back(printable(note));
  std::vector<std::vector<Cell>> rows;
  for (const KeyChange& one : view.keys)
    rows.push_back({printable(one.section + " " + one.key),
                    text_of(one.before),
                    {text_of(one.after), Colour::bold},
                    printable(one.where) + (one.after ? "" : ", not any more") +
                        (one.at_restart ? "; at the next restart" : "")});
  append(lines, {{"SETTING"}, {"NOW", false, 0.2}, {"THEN", false, 0.2}, {"WHERE"}}, rows, style);
  rows.clear();
  for (const DeviceChange& one : view.devices)
    rows.push_back({one.name.empty() ? "[device]" : printable("[device " + one.name + "]"),
                    text_of(one.before),
                    {text_of(one.after), Colour::bold}});
  append(lines, {{"DATA MOUNT"}, {"NOW", false, 0.4}, {"THEN", false, 0.4}}, rows, style);
  rows.clear();
  std::size_t more = 0;
  for (const WorkloadChange& one : view.workloads) {
    if (is_sandbox(one)) continue;
    if (rows.size() == most) {
      ++more;
      continue;
    }
    rows.push_back({name_of(one),
                    text_of(one.before),
                    {text_of(one.after), Colour::bold},
                    printable(one.after.seen ? one.after.reason : "")});
  }
  append(lines, {{"CONTAINER", false, 0.4}, {"NOW"}, {"THEN"}, {"WHY", false, 0.4}}, rows, style);
  if (more != 0) lines.push_back("... and " + std::to_string(more) + " more");
  if (!lines.empty()) lines.emplace_back();
  lines.push_back(sum_of(view));
  return lines;
}

}  // namespace iopslimit
