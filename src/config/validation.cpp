// SPDX-License-Identifier: Apache-2.0
#include "config/validation.hpp"

#include <algorithm>
#include <functional>

#include "config/spelling.hpp"

namespace iopslimit {
namespace {

const ConfigEntry* later(const ConfigEntry* one, const ConfigEntry* other) {
  return std::less<>()(one, other) ? other : one;
}

bool sets_limit(const PolicySection& policy) {
  return policy.limits != LimitKeys{} || policy.annotation_max_iops || policy.annotation_max_bps;
}

void check_policy(const ConfigPlaces& places, const ConfigPlaces::NamedSection& section,
                  ParsedConfig& parsed) {
  const auto& policies = parsed.config.policies;
  const auto policy =
      std::ranges::find(policies, section.name, &std::pair<std::string, PolicySection>::first);
  const bool limited = sets_limit(policy->second);
  if (policy->second.exempt != limited) return;
  if (limited) {
    parsed.errors.push_back(
        {places.winner(section.shown, "exempt")->origin,
         section.shown + " sets exempt = yes and a limit as well; remove one of them"});
  } else {
    parsed.errors.push_back(
        {section.first->origin, section.shown +
                                    " sets no limit and does not exempt either; add iops = ... or "
                                    "exempt = yes"});
  }
}

// `mounts` maps the mounts found so far to the section that names them.
void check_device(const ConfigPlaces& places, const ConfigPlaces::NamedSection& section,
                  std::map<std::string, std::string>& mounts, ParsedConfig& parsed) {
  const ConfigEntry* mount = places.winner(section.shown, "mount");
  if (mount == nullptr) {
    parsed.errors.push_back(
        {section.first->origin, section.shown + " has no mount; add mount = /where/it/is/mounted"});
    return;
  }
  const std::string& path = parsed.config.more_devices[section.name].mount;
  const auto place = mounts.try_emplace(path, section.shown);
  if (place.second) return;
  parsed.errors.push_back({mount->origin, section.shown + " mount: " + in_quotes(path) +
                                              " is the mount of " + place.first->second +
                                              " already; name each mount once"});
}

void check_bounds(const ConfigPlaces& places, const std::string& what, std::uint64_t least,
                  std::uint64_t most, ParsedConfig& parsed) {
  if (most == 0 || least <= most || places.invalid.contains("[annotations]")) return;
  const ConfigEntry* at = later(places.winner("[annotations]", "min_" + what),
                                places.winner("[annotations]", "max_" + what));
  parsed.errors.push_back({at->origin, "[annotations] min_" + what + " (" + std::to_string(least) +
                                           ") is above max_" + what + " (" + std::to_string(most) +
                                           "); lower min_" + what + ", raise max_" + what +
                                           ", or set max_" + what + " to 0"});
}

// A pod as a whole has no container name and no image, so such a policy would silently do nothing.
void check_pod_policies(const ConfigPlaces& places, ParsedConfig& parsed) {
  if (parsed.config.scope != LimitScope::pod) return;
  for (const ConfigPlaces::NamedSection& section : places.named) {
    for (const char* key : {"container", "image"}) {
      const ConfigEntry* glob =
          section.kind.word == "policy" ? places.winner(section.shown, key) : nullptr;
      if (glob == nullptr) continue;
      parsed.errors.push_back(
          {glob->origin, section.shown + " " + key +
                             ": with [limits] scope = pod the limit is the whole pod's, and no "
                             "container is considered; match by namespace, pod, qos or label.KEY"});
    }
  }
}

void check_scope(const ConfigPlaces& places, ParsedConfig& parsed) {
  if (parsed.config.cgroup_version != CgroupVersion::v1) return;
  const ConfigEntry* version = places.winner("[cgroup]", "version");
  const ConfigEntry* scope = places.winner("[limits]", "scope");
  if (scope == nullptr || scope->value != "pod") return;
  parsed.errors.push_back(
      {later(version, scope)->origin,
       "[limits] scope = pod needs cgroup v2, and [cgroup] version is v1; write scope = container, "
       "or version = auto"});
}

// Without a total nobody knows what others leave.
void check_lend(const ConfigPlaces& places, ParsedConfig& parsed) {
  const Config& config = parsed.config;
  const auto shares = [&config](const LimitKeys& keys) {
    return keys.total_iops.value_or(config.total_iops) != 0 &&
           keys.fair_total.value_or(config.sharing.fair_total);
  };
  bool some_share = shares({});
  for (const auto& device : config.more_devices) some_share |= shares(device.second.limits);
  const auto check = [&](const std::string& section, const LimitKeys& keys, bool shared) {
    if (shared || !keys.lend.value_or(false) || places.invalid.contains(section)) return;
    parsed.errors.push_back(
        {places.winner(section, "lend")->origin,
         section + " lend = yes needs total_iops, of which to lend, and fair_total = yes; set "
                   "them, or write lend = no"});
  };
  check("[limits]", {.lend = config.terms.lend}, some_share);
  for (const auto& [name, device] : config.more_devices)
    check("[device " + name + "]", device.limits, shares(device.limits));
  for (const auto& [name, policy] : config.policies)
    check("[policy " + name + "]", policy.limits, some_share);
}

}  // namespace

const ConfigEntry* ConfigPlaces::winner(const std::string& section, const std::string& key) const {
  const auto place = winners.find({section, key});
  return place == winners.end() ? nullptr : place->second;
}

void check_whole(const ConfigPlaces& places, ParsedConfig& parsed) {
  std::map<std::string, std::string> mounts{{parsed.config.device.mount, "[device]"}};
  for (const ConfigPlaces::NamedSection& section : places.named) {
    if (places.invalid.contains(section.shown)) continue;
    if (section.kind.word == "policy") {
      check_policy(places, section, parsed);
    } else {
      check_device(places, section, mounts, parsed);
    }
  }
  const Config& config = parsed.config;
  check_bounds(places, "iops", config.annotation_min_iops, config.annotation_max_iops, parsed);
  check_bounds(places, "bps", config.annotation_min_bps, config.annotation_max_bps, parsed);
  check_pod_policies(places, parsed);
  check_scope(places, parsed);
  check_lend(places, parsed);
}

std::vector<ConfigMessage> check_on(const Config& config, const Capabilities& found) {
  if (found.hierarchical || config.scope != LimitScope::pod) return {};
  const auto written = config.written.find("[limits] scope");
  return {{written == config.written.end() ? Origin{"default"} : written->second.origin,
           "[limits] scope = pod needs cgroup v2, and the containers of this node are limited by "
           "cgroup v1, which knows no limit for a pod; write scope = container, or boot with "
           "systemd.unified_cgroup_hierarchy=1"}};
}

}  // namespace iopslimit
