// SPDX-License-Identifier: Apache-2.0
#include "config/keys.hpp"

#include <algorithm>
#include <array>

#include "config/spelling.hpp"
#include "config/values.hpp"

namespace iopslimit {
namespace {

constexpr SectionKind device{"device"};
constexpr SectionKind limits{"limits"};
constexpr SectionKind exclude{"exclude"};
constexpr SectionKind annotations{"annotations"};
constexpr SectionKind runtime{"runtime"};
constexpr SectionKind cgroup{"cgroup"};
constexpr SectionKind service{"service"};
constexpr SectionKind named_device{"device", true};
constexpr SectionKind policy{"policy", true};

constexpr std::array kinds{device, limits,  exclude,      annotations, runtime,
                           cgroup, service, named_device, policy};

using enum ConfigKey::Also;

template <auto Member>
std::string set_iops(const ConfigEntry& entry, KeyTarget& target) {
  return parse_iops(entry.value, (target.limits.*Member).emplace());
}

template <auto Member>
std::string set_bps(const ConfigEntry& entry, KeyTarget& target) {
  return parse_bps(entry.value, (target.limits.*Member).emplace());
}

template <auto Member>
std::string set_words(const ConfigEntry& entry, KeyTarget& target) {
  return parse_words(entry.value, target.config.*Member);
}

std::string set_glob(const ConfigEntry& entry, KeyTarget& target) {
  if (entry.key == "label.") return "names no label; write label.app = ... for the label 'app'";
  return parse_glob(entry.value, target.policy.globs[entry.key]);
}

std::string set_mount(const ConfigEntry& entry, KeyTarget& target) {
  return parse_path(entry.value, target.device.mount);
}

std::string set_limit_at(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<LimitAt>(entry.value, {{"volume", LimitAt::volume}, {"disk", LimitAt::disk}},
                             target.device.limit_at);
}

std::string set_shared_disk(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<SharedDisk>(
      entry.value,
      {{"warn", SharedDisk::warn}, {"refuse", SharedDisk::refuse}, {"allow", SharedDisk::allow}},
      target.device.shared_disk);
}

std::string set_scope(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<LimitScope>(entry.value,
                                {{"container", LimitScope::container}, {"pod", LimitScope::pod}},
                                target.limits.scope.emplace());
}

std::string set_runtime(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<RuntimeType>(entry.value,
                                 {{"auto", RuntimeType::automatic},
                                  {"containerd", RuntimeType::containerd},
                                  {"docker", RuntimeType::docker},
                                  {"crio", RuntimeType::crio}},
                                 target.config.runtime);
}

std::string set_cgroup_version(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<CgroupVersion>(
      entry.value,
      {{"auto", CgroupVersion::automatic}, {"v1", CgroupVersion::v1}, {"v2", CgroupVersion::v2}},
      target.config.cgroup_version);
}

std::string set_apply(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<Apply>(
      entry.value,
      {{"auto", Apply::automatic}, {"files", Apply::files}, {"systemd", Apply::systemd}},
      target.config.apply);
}

std::string set_on_stop(const ConfigEntry& entry, KeyTarget& target) {
  return parse_enum<OnStop>(entry.value, {{"keep", OnStop::keep}, {"clear", OnStop::clear}},
                            target.config.on_stop);
}

// For a value that is one field of Config with one parse_* function.
template <auto Parse, auto Member>
std::string set_field(const ConfigEntry& entry, KeyTarget& target) {
  return Parse(entry.value, target.config.*Member);
}

constexpr std::array table{
    ConfigKey{device, "mount", "/data", "the data mount; the disk behind it is the one limited",
              set_mount, devices},
    ConfigKey{device, "limit_at", "volume",
              "volume: the device nearest the file system; disk: every NVMe disk below it",
              set_limit_at, devices},
    ConfigKey{device, "shared_disk", "warn",
              "warn, refuse or allow: when the disk also holds /, the kubelet's or the runtime's "
              "state",
              set_shared_disk, devices},

    ConfigKey{limits, "iops", "500", "IOPS of each container, each direction; 0 = unlimited",
              set_iops<&LimitKeys::iops>, devices_and_policies},
    ConfigKey{limits, "read_iops", "500", "the read direction alone; not set: as iops",
              set_iops<&LimitKeys::read_iops>, devices_and_policies},
    ConfigKey{limits, "write_iops", "500", "the write direction alone; not set: as iops",
              set_iops<&LimitKeys::write_iops>, devices_and_policies},
    ConfigKey{limits, "bps", "0",
              "bytes per second of each container, each direction, suffix K M G (1024); 0 = "
              "unlimited",
              set_bps<&LimitKeys::bps>, devices_and_policies},
    ConfigKey{limits, "read_bps", "0", "the read direction alone; not set: as bps",
              set_bps<&LimitKeys::read_bps>, devices_and_policies},
    ConfigKey{limits, "write_bps", "0", "the write direction alone; not set: as bps",
              set_bps<&LimitKeys::write_bps>, devices_and_policies},
    ConfigKey{limits, "total_iops", "3000",
              "IOPS of all pods together, each direction; 0 = no total",
              set_iops<&LimitKeys::total_iops>, devices},
    ConfigKey{limits, "scope", "container",
              "container: each container has the limit; pod: its pod has it (cgroup v2 only)",
              set_scope},

    ConfigKey{exclude, "keywords", "pause, istio-proxy, psmdb, kube-system, koordinator, apisix",
              "not limited: a word that is part of the image, container, pod or namespace name",
              set_words<&Config::exclude_keywords>},
    ConfigKey{exclude, "namespaces", "", "not limited: these namespaces, by their whole name",
              set_words<&Config::exclude_namespaces>},

    ConfigKey{annotations, "prefix", "iopslimit.org",
              "pods may ask for a limit by PREFIX/iops and the like; a list, the first prefix "
              "wins; empty = off",
              set_field<parse_prefixes, &Config::annotation_prefixes>},
    ConfigKey{annotations, "min_iops", "50", "the least a pod can ask for",
              set_field<parse_iops, &Config::annotation_min_iops>},
    ConfigKey{annotations, "max_iops", "0",
              "the most a pod can ask for; 0: never more than its limit without annotation",
              set_field<parse_iops, &Config::annotation_max_iops>},
    ConfigKey{annotations, "min_bps", "1M", "the least bytes per second a pod can ask for",
              set_field<parse_bps, &Config::annotation_min_bps>},
    ConfigKey{annotations, "max_bps", "0",
              "the most bytes per second a pod can ask for; 0: never more than its limit without "
              "annotation",
              set_field<parse_bps, &Config::annotation_max_bps>},

    ConfigKey{runtime, "type", "auto",
              "auto, containerd, docker or crio: whose records are read; auto: by each container's "
              "path and record",
              set_runtime},
    ConfigKey{runtime, "standalone", "",
              "docker, podman: their containers outside of Kubernetes are limited as well",
              set_field<parse_standalone, &Config::standalone>},
    ConfigKey{runtime, "containerd_namespace", "k8s.io",
              "the kubelet's namespace in containerd; a list",
              set_field<parse_names, &Config::containerd_namespaces>},
    ConfigKey{runtime, "state", "",
              "further state folders of the runtimes; the usual, k3s, rke2 and microk8s places are "
              "known",
              set_field<parse_paths, &Config::state_folders>},

    ConfigKey{cgroup, "version", "auto", "auto, v1 or v2: auto asks the kernel",
              set_cgroup_version},

    ConfigKey{service, "apply", "auto",
              "files: limits are in the cgroup files alone; systemd: it knows them too, as unit "
              "properties; auto: it knows the total",
              set_apply},
    ConfigKey{service, "check_interval", "30",
              "seconds between two checks that every limit is still there; 0 = off",
              set_field<parse_seconds, &Config::check_interval>},
    ConfigKey{service, "on_stop", "keep",
              "keep or clear: what becomes of the limits when the service stops", set_on_stop},
    ConfigKey{service, "dry_run", "no", "yes: decide and log every limit, write none",
              set_field<parse_boolean, &Config::dry_run>},
    ConfigKey{service, "metrics", "",
              "a file NAME.prom for the textfile collector of Prometheus' node_exporter; empty = "
              "off",
              set_field<parse_metrics, &Config::metrics>},

    ConfigKey{policy, "namespace", "", "pattern for the pod's namespace", set_glob},
    ConfigKey{policy, "pod", "", "pattern for the pod's name", set_glob},
    ConfigKey{policy, "container", "", "pattern for the container's name", set_glob},
    ConfigKey{policy, "image", "", "pattern for the image", set_glob},
    ConfigKey{policy, "qos", "", "pattern for guaranteed, burstable or besteffort", set_glob},
    ConfigKey{policy, "label.KEY", "", "pattern for the pod's label KEY", set_glob},
    ConfigKey{policy, "max_iops", "", "the most these pods can ask for; not set: as [annotations]",
              [](const ConfigEntry& entry, KeyTarget& target) {
                return parse_iops(entry.value, target.policy.annotation_max_iops.emplace());
              }},
    ConfigKey{policy, "max_bps", "",
              "the most bytes per second these pods can ask for; not set: as [annotations]",
              [](const ConfigEntry& entry, KeyTarget& target) {
                return parse_bps(entry.value, target.policy.annotation_max_bps.emplace());
              }},
    ConfigKey{policy, "exempt", "no", "yes: not limited at all",
              [](const ConfigEntry& entry, KeyTarget& target) {
                return parse_boolean(entry.value, target.policy.exempt);
              }},
};

bool belongs(const ConfigKey& key, const SectionKind& kind) {
  if (key.section == kind) return true;
  if (kind == named_device) return key.also_in != nowhere;
  return kind == policy && key.also_in == devices_and_policies;
}

bool names(const ConfigKey& key, std::string_view name) {
  return key.key == name || (key.key == "label.KEY" && name.starts_with("label."));
}

std::vector<std::string_view> keys_of(const SectionKind& kind) {
  std::vector<std::string_view> keys;
  for (const ConfigKey& key : table) {
    if (belongs(key, kind)) keys.push_back(key.key);
  }
  return keys;
}

// " 'iops' is a key of [limits]."
std::string other_home(std::string_view name) {
  const auto* const key =
      std::ranges::find_if(table, [name](const ConfigKey& one) { return names(one, name); });
  if (key == table.end()) return {};
  return "'" + std::string(name) + "' is a key of " + to_string(key->section);
}

}  // namespace

std::span<const ConfigKey> config_keys() {
  return table;
}

std::span<const SectionKind> section_kinds() {
  return kinds;
}

std::string to_string(const SectionKind& kind) {
  return "[" + std::string(kind.word) + (kind.named ? " NAME]" : "]");
}

const ConfigKey* find_key(const SectionKind& kind, std::string_view key) {
  for (const ConfigKey& one : table) {
    if (belongs(one, kind) && names(one, key)) return &one;
  }
  return nullptr;
}

std::string key_hint(const SectionKind& kind, std::string_view key) {
  const std::vector<std::string_view> here = keys_of(kind);
  const auto near = nearest_name(key, here);
  std::string home = other_home(key);
  if (near) return "did you mean '" + *near + "'?" + (home.empty() ? "" : " (" + home + ")");
  if (!home.empty()) return home;
  if (here.empty()) return section_hint("");
  std::string text = "its keys are:";
  for (const std::string_view one : here) text.append(text.back() == ':' ? " " : ", ").append(one);
  return text;
}

std::string section_hint(std::string_view word) {
  std::vector<std::string_view> words;
  std::string all = "the sections are:";
  for (const SectionKind& kind : kinds) {
    words.push_back(kind.word);
    all += (all.back() == ':' ? " " : ", ") + to_string(kind);
  }
  const auto near = nearest_name(word, words);
  if (!near) return all;
  return "did you mean " + to_string(SectionKind{*near, *near == policy.word}) + "?";
}

}  // namespace iopslimit
