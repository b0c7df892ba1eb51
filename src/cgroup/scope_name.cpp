// SPDX-License-Identifier: Apache-2.0
#include "cgroup/scope_name.hpp"

#include <algorithm>
#include <array>

namespace iopslimit {
namespace {

// The directories in which dockerd (withCgroups in controller/oci_linux.go) and libpod
// (getOCICgroupPath, and platformMakePod for pods) create the containers that an operator starts by
// hand, for systemd and for cgroupfs.
constexpr std::array homes{
    StandaloneHome{"system.slice", RuntimeHint::docker, true, "docker-", ""},
    StandaloneHome{"docker", RuntimeHint::docker, false, "", ""},
    StandaloneHome{"machine.slice", RuntimeHint::podman, true, "libpod-", "machine-libpod_pod_"},
    StandaloneHome{"libpod_parent", RuntimeHint::podman, false, "libpod-", ""},
};

}  // namespace

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Accepts `<runtime>-<id>.scope` (systemd driver), `<id>` or `crio-<id>` (cgroupfs driver). The
// scope of an unknown runtime is a container as well when its name ends in an ID. conmon's scope is
// not: it holds CRI-O's monitor, not the pod's processes.
std::optional<ContainerName> parse_container_name(std::string_view name, bool systemd_driver) {
  ContainerName parsed{.id = name};
  parsed.scope = take_suffix(parsed.id, ".scope");
  if (parsed.scope != systemd_driver) return std::nullopt;
  if (take_prefix(parsed.id, "cri-containerd-")) {
    parsed.runtime = RuntimeHint::containerd;
  } else if (take_prefix(parsed.id, "docker-")) {
    parsed.runtime = RuntimeHint::docker;
  } else if (parsed.id.starts_with("crio-conmon-")) {
    return std::nullopt;
  } else if (take_prefix(parsed.id, "crio-")) {
    parsed.runtime = RuntimeHint::crio;
  } else if (parsed.scope) {
    const auto dash = parsed.id.rfind('-');
    if (dash != std::string_view::npos) parsed.id.remove_prefix(dash + 1);
  }
  return is_container_id(parsed.id) ? std::optional(parsed) : std::nullopt;
}

const StandaloneHome* find_standalone_home(std::string_view directory, Standalone requested) {
  const auto* const home = std::ranges::find(homes, directory, &StandaloneHome::directory);
  if (home == homes.end()) return nullptr;
  return (home->runtime == RuntimeHint::docker ? requested.docker : requested.podman) ? home
                                                                                      : nullptr;
}

// No other name is accepted: system.slice holds every service of the node, and the monitors of
// podman's containers (libpod-conmon-<id>.scope, conmon) are beside the containers.
std::optional<ContainerName> parse_standalone_name(std::string_view name,
                                                   const StandaloneHome& home) {
  ContainerName parsed{.id = name, .runtime = home.runtime, .scope = home.systemd_driver};
  if (home.systemd_driver && !take_suffix(parsed.id, ".scope")) return std::nullopt;
  if (!take_prefix(parsed.id, home.container_prefix)) return std::nullopt;
  return is_container_id(parsed.id) ? std::optional(parsed) : std::nullopt;
}

bool is_standalone_pod(std::string_view name, const StandaloneHome& home) {
  if (home.runtime != RuntimeHint::podman) return false;
  if (home.systemd_driver && !take_suffix(name, ".slice")) return false;
  return take_prefix(name, home.pod_prefix) && is_container_id(name);
}

}  // namespace iopslimit
