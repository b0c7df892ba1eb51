// SPDX-License-Identifier: Apache-2.0
#include "config/difference.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace iopslimit {
namespace {

using Values = std::map<std::string, std::string>;  // by "[section] key"

// "[policy db] iops" into "[policy db]" and "iops".
std::pair<std::string, std::string> split(const std::string& name) {
  const std::size_t blank = name.rfind(' ');
  return {name.substr(0, blank), name.substr(blank + 1)};
}

Values values_of(const Config& config) {
  Values values;
  for (const auto& [name, written] : config.written) {
    if (!name.ends_with(']')) values[name] = written.value;
  }
  return values;
}

ParsedConfig built(const Values& values) {
  std::vector<ConfigEntry> entries;
  for (const auto& [name, value] : values) {
    const auto [section, key] = split(name);
    entries.push_back({{}, section.substr(1, section.size() - 2), key, value});
  }
  ParsedConfig parsed = build_config(entries);
  parsed.config.written.clear();
  return parsed;
}

// True if it makes no difference in `values` whether this key has its value or another one.
bool is_idle(const Values& values, const std::string& name,
             const std::optional<std::string>& other) {
  Values changed = values;
  changed.erase(name);
  if (other) changed[name] = *other;
  const ParsedConfig one = built(values);
  const ParsedConfig two = built(changed);
  return one.errors.empty() && two.errors.empty() && one.config == two.config;
}

std::optional<std::string> value_in(const Values& values, const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? std::nullopt : std::optional(found->second);
}

// True if some key of the section is set.
bool has_section(const Values& values, const std::string& section) {
  const auto first = values.lower_bound(section + " ");
  return first != values.end() && first->first.starts_with(section + " ");
}

// The names of the policies that both have, in the order of the first.
std::string order_of(const Config& config, const Config& other) {
  std::string text;
  for (const NamedPolicy& one : config.policies) {
    if (std::ranges::find(other.policies, one.first, &NamedPolicy::first) != other.policies.end())
      text += (text.empty() ? "" : ", ") + one.first;
  }
  return text;
}

}  // namespace

std::vector<KeyChange> changed_keys(const Config& before, const Config& after) {
  const Values old = values_of(before);
  const Values now = values_of(after);
  std::set<std::string> names;
  for (const Values* values : {&old, &now})
    for (const auto& value : *values) names.insert(value.first);
  std::vector<KeyChange> changes;
  for (const std::string& name : names) {
    const auto was = value_in(old, name);
    const auto will = value_in(now, name);
    if (was == will) continue;
    auto [section, key] = split(name);
    const bool is_new_or_gone = section.find(' ') != std::string::npos &&
                                (!has_section(old, section) || !has_section(now, section));
    if (!is_new_or_gone && is_idle(old, name, will) && is_idle(now, name, was)) continue;
    const bool at_restart = name == "[service] dry_run" || name == "[cgroup] version";
    const Config& writer = will ? after : before;
    changes.push_back({std::move(section), std::move(key), was, will,
                       to_string(writer.written.at(name).origin), at_restart});
  }
  const std::string order = order_of(before, after);
  const std::string new_order = order_of(after, before);
  if (order != new_order)
    changes.push_back(
        {"[policy]", "order", order, new_order, to_string(after.policies.front().second.origin)});
  return changes;
}

bool keep_until_restart(const Config& in_force, Config& next) {
  const bool changes =
      next.dry_run != in_force.dry_run || next.cgroup_version != in_force.cgroup_version;
  next.dry_run = in_force.dry_run;
  next.cgroup_version = in_force.cgroup_version;
  return changes;
}

}  // namespace iopslimit
