// SPDX-License-Identifier: Apache-2.0
#include "cgroup/scope_name.hpp"

#include <algorithm>
#include <array>

#include "loop/token.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t id_length = 64;
constexpr std::size_t build_step_id_length = 25;  // NewID() in BuildKit's identity/randomid.go
constexpr std::string_view end_of_slice = ".slice:";

struct Prefix {
  std::string_view name;
  RuntimeHint runtime = RuntimeHint::unknown;
  bool monitor = false;
};

// conmon watches a container of CRI-O or podman, from a directory of its own.
constexpr std::array prefixes{
    Prefix{"cri-containerd", RuntimeHint::containerd},
    Prefix{"crio", RuntimeHint::crio},
    Prefix{"docker", RuntimeHint::docker},
    Prefix{"libpod", RuntimeHint::podman},
    Prefix{"libpod-payload", RuntimeHint::podman},  // --cgroups=split, as of a quadlet
    Prefix{"crio-conmon", RuntimeHint::crio, true},
    Prefix{"libpod-conmon", RuntimeHint::podman, true},
};

bool is_uid_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

// A static pod's manifest may set any uid, so only text that cannot be a uid at all is rejected.
bool is_pod_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= 128 && std::ranges::all_of(uid, is_uid_character);
}

// Whether `name` is a container's ID, alone or after a separator.
bool ends_in_id(std::string_view name) {
  if (name.size() < id_length || !is_container_id(name.substr(name.size() - id_length)))
    return false;
  return name.size() == id_length || !is_alphanumeric(name[name.size() - id_length - 1]);
}

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

std::optional<ContainerName> parse_container_name(std::string_view name) {
  ContainerName parsed;
  parsed.scope = take_suffix(name, ".scope");
  if (!ends_in_id(name)) return std::nullopt;
  parsed.id = name.substr(name.size() - id_length);
  name.remove_suffix(id_length);
  if (name.empty()) return parsed;
  name.remove_suffix(1);  // the separator
  if (const auto end = name.find(end_of_slice); end != std::string_view::npos) {
    parsed.slice = name.substr(0, end + end_of_slice.size() - 1);
    name.remove_prefix(end + end_of_slice.size());
  }
  set_prefix(parsed, name);
  return parsed;
}

void set_prefix(ContainerName& name, std::string_view prefix) {
  name.prefix = prefix;
  const auto* known = std::ranges::find(prefixes, prefix, &Prefix::name);
  if (known == prefixes.end()) return;
  name.runtime = known->runtime;
  name.monitor = known->monitor;
}

// The kubelet writes a uid's dashes as underscores in the name of a slice (ToSystemd in
// pkg/kubelet/cm), so the uid is what follows the last dash.
std::optional<PodName> parse_pod_name(std::string_view name) {
  PodName parsed;
  parsed.slice = take_suffix(name, ".slice");
  if (parsed.slice) name.remove_prefix(last_place(name, '-') + 1);  // npos + 1 is 0: no dash
  parsed.uid = name;
  if (!take_prefix(parsed.uid, "pod") || !is_pod_uid(parsed.uid)) return std::nullopt;
  return parsed;
}

bool is_build_step(std::string_view name, std::string_view parent) {
  if (name.find(end_of_slice) != std::string_view::npos) {
    name.remove_prefix(name.rfind(':') + 1);
  } else if (parent != "buildkit") {
    return false;
  }
  return name.size() == build_step_id_length && std::ranges::all_of(name, is_alphanumeric);
}

bool is_podman_pod(std::string_view name, std::string_view parent) {
  if (parent == "libpod_parent") return is_container_id(name);
  const auto id = name.find("libpod_pod_");
  return take_suffix(name, ".slice") && id < name.size() &&
         is_container_id(name.substr(id + std::string_view("libpod_pod_").size()));
}

}  // namespace iopslimit
