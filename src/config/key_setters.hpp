// SPDX-License-Identifier: Apache-2.0
// How the value of each key is checked and stored (ConfigKey::set).
#pragma once

#include <optional>

#include "config/keys.hpp"
#include "config/values.hpp"

namespace iopslimit {

template <auto Member>
std::optional<Problem> set_iops(const ConfigEntry& entry, KeyTarget& target) {
  return parse_iops(entry.value, (target.limits.*Member).emplace());
}

template <auto Member>
std::optional<Problem> set_bps(const ConfigEntry& entry, KeyTarget& target) {
  return parse_bps(entry.value, (target.limits.*Member).emplace());
}

// A key of LimitKeys that has one parse_* function.
template <auto Parse, auto Member>
std::optional<Problem> set_limit_key(const ConfigEntry& entry, KeyTarget& target) {
  return Parse(entry.value, (target.limits.*Member).emplace());
}

template <auto Member>
std::optional<Problem> set_words(const ConfigEntry& entry, KeyTarget& target) {
  return parse_words(entry.value, target.config.*Member);
}

inline std::optional<Problem> set_glob(const ConfigEntry& entry, KeyTarget& target) {
  if (entry.key == "label.") return "names no label; write label.app = ... for the label 'app'";
  return parse_glob(entry.value, target.policy.globs[entry.key]);
}

inline std::optional<Problem> set_mount(const ConfigEntry& entry, KeyTarget& target) {
  return parse_path(entry.value, target.device.mount);
}

inline std::optional<Problem> set_limit_at(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<LimitAt>(entry.value, {{"volume", LimitAt::volume}, {"disk", LimitAt::disk}},
                             target.device.limit_at);
}

inline std::optional<Problem> set_shared_disk(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<SharedDisk>(
      entry.value,
      {{"warn", SharedDisk::warn}, {"refuse", SharedDisk::refuse}, {"allow", SharedDisk::allow}},
      target.device.shared_disk);
}

inline std::optional<Problem> set_scope(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<LimitScope>(entry.value,
                                {{"container", LimitScope::container}, {"pod", LimitScope::pod}},
                                target.limits.scope.emplace());
}

inline std::optional<Problem> set_runtime(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<RuntimeType>(entry.value,
                                 {{"auto", RuntimeType::automatic},
                                  {"containerd", RuntimeType::containerd},
                                  {"docker", RuntimeType::docker},
                                  {"crio", RuntimeType::crio}},
                                 target.config.runtime);
}

inline std::optional<Problem> set_cgroup_version(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<CgroupVersion>(
      entry.value,
      {{"auto", CgroupVersion::automatic}, {"v1", CgroupVersion::v1}, {"v2", CgroupVersion::v2}},
      target.config.cgroup_version);
}

inline std::optional<Problem> set_apply(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<Apply>(
      entry.value,
      {{"auto", Apply::automatic}, {"files", Apply::files}, {"systemd", Apply::systemd}},
      target.config.apply);
}

inline std::optional<Problem> set_on_stop(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<OnStop>(entry.value, {{"keep", OnStop::keep}, {"clear", OnStop::clear}},
                            target.config.on_stop);
}

// Sets a value that is one field of Config and has one parse_* function.
template <auto Parse, auto Member>
std::optional<Problem> set_field(const ConfigEntry& entry, KeyTarget& target) {
  return Parse(entry.value, target.config.*Member);
}

}  // namespace iopslimit
