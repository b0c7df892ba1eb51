// SPDX-License-Identifier: Apache-2.0
#include "core/container.hpp"

#include <algorithm>
#include <array>

namespace iopslimit {
namespace {

constexpr std::size_t max_prefix_depth = 4;

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

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_uid_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.';
}

// A static pod's manifest may set any uid, so only what cannot be a uid at all is turned down.
bool is_pod_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= 128 && std::ranges::all_of(uid, is_uid_character);
}

// systemd's own slices hold services, users and virtual machines, and a container id belongs to a
// runtime that runs beside the kubelet: a kubepods directory below one of these is inside
// somebody's container (kind, docker in docker).
bool may_lead_to_kubepods(std::string_view name) {
  constexpr std::array systemd_slices{"system.slice", "user.slice", "machine.slice"};
  if (std::ranges::find(systemd_slices, name) != systemd_slices.end()) return false;
  if (name.ends_with(".slice")) return true;
  return !name.empty() && name.find('.') == std::string_view::npos && !is_container_id(name);
}

// The walk down one path. Each step consumes one component and knows the ones before it only
// through these members.
struct Walk {
  CgroupPlace place = CgroupPlace::prefix;
  std::size_t depth = 0;
  std::string_view slice;  // stem of the innermost slice so far: "kubelet", "kubepods-burstable"
  bool systemd_driver = false;
  QosClass qos = QosClass::guaranteed;
  std::string_view pod_uid;
  std::string_view container_name;

  void step(std::string_view name);

 private:
  void step_prefix(std::string_view name);
  void step_kubepods(std::string_view name);
  bool child_slice(std::string_view name, std::string_view& rest) const;
};

// systemd names a slice after its parents: a-b.slice is below a.slice. `rest` is what the last
// component adds.
bool Walk::child_slice(std::string_view name, std::string_view& rest) const {
  if (!take_suffix(name, ".slice")) return false;
  if (!slice.empty() && !(take_prefix(name, slice) && take_prefix(name, "-"))) return false;
  rest = name;
  return true;
}

void Walk::step_prefix(std::string_view name) {
  std::string_view rest;
  if (name == "kubepods") {
    place = CgroupPlace::kubepods;
  } else if (child_slice(name, rest) && rest == "kubepods") {
    place = CgroupPlace::kubepods;
    systemd_driver = true;
  } else if (depth >= max_prefix_depth || !may_lead_to_kubepods(name)) {
    place = CgroupPlace::elsewhere;
  }
}

void Walk::step_kubepods(std::string_view name) {
  std::string_view rest = name;
  const bool well_named = !systemd_driver || child_slice(name, rest);
  if (well_named && place == CgroupPlace::kubepods &&
      (rest == "burstable" || rest == "besteffort")) {
    place = CgroupPlace::qos;
    qos = rest == "burstable" ? QosClass::burstable : QosClass::besteffort;
  } else if (well_named && take_prefix(rest, "pod") && is_pod_uid(rest)) {
    place = CgroupPlace::pod;
    pod_uid = rest;
  } else {
    place = CgroupPlace::elsewhere;
  }
}

struct ContainerName {
  std::string_view id;
  RuntimeHint runtime = RuntimeHint::unknown;
};

// `<runtime>-<id>.scope` (systemd driver), `<id>` or `crio-<id>` (cgroupfs driver). A scope of a
// runtime we have not heard of is a container as well when it ends in an id; conmon's scope holds
// CRI-O's monitor, not the pod's work.
std::optional<ContainerName> parse_container_name(std::string_view name, bool systemd_driver) {
  ContainerName parsed{.id = name};
  const bool scope = take_suffix(parsed.id, ".scope");
  if (scope != systemd_driver) return std::nullopt;
  if (take_prefix(parsed.id, "cri-containerd-")) {
    parsed.runtime = RuntimeHint::containerd;
  } else if (take_prefix(parsed.id, "docker-")) {
    parsed.runtime = RuntimeHint::docker;
  } else if (parsed.id.starts_with("crio-conmon-")) {
    return std::nullopt;
  } else if (take_prefix(parsed.id, "crio-")) {
    parsed.runtime = RuntimeHint::crio;
  } else if (scope) {
    const auto dash = parsed.id.rfind('-');
    if (dash != std::string_view::npos) parsed.id.remove_prefix(dash + 1);
  }
  return is_container_id(parsed.id) ? std::optional(parsed) : std::nullopt;
}

void Walk::step(std::string_view name) {
  switch (place) {
    case CgroupPlace::prefix:
      step_prefix(name);
      break;
    case CgroupPlace::kubepods:
    case CgroupPlace::qos:
      step_kubepods(name);
      break;
    case CgroupPlace::pod:
      place = parse_container_name(name, systemd_driver) ? CgroupPlace::container
                                                         : CgroupPlace::elsewhere;
      container_name = name;
      break;
    case CgroupPlace::container:
    case CgroupPlace::elsewhere:
      place = CgroupPlace::elsewhere;
      break;
  }
  if (name.ends_with(".slice")) slice = name.substr(0, name.size() - 6);
  ++depth;
}

Walk walk(std::string_view cgroup) {
  Walk walk;
  if (!take_prefix(cgroup, "/")) walk.place = CgroupPlace::elsewhere;
  while (!cgroup.empty() && walk.place != CgroupPlace::elsewhere) {
    const auto slash = std::min(cgroup.find('/'), cgroup.size());
    walk.step(cgroup.substr(0, slash));
    cgroup.remove_prefix(std::min(slash + 1, cgroup.size()));
  }
  return walk;
}

}  // namespace

std::string_view to_string(QosClass qos) {
  switch (qos) {
    case QosClass::guaranteed:
      return "guaranteed";
    case QosClass::burstable:
      return "burstable";
    case QosClass::besteffort:
      return "besteffort";
  }
  return "";
}

bool is_container_id(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, is_lower_hex);
}

CgroupPlace place_of(std::string_view cgroup) {
  return walk(cgroup).place;
}

std::optional<ContainerPath> parse_container_path(std::string_view cgroup) {
  const Walk found = walk(cgroup);
  if (found.place != CgroupPlace::container) return std::nullopt;
  const auto name = parse_container_name(found.container_name, found.systemd_driver);
  ContainerPath path{.cgroup = std::string(cgroup),
                     .id = std::string(name->id),
                     .pod_uid = std::string(found.pod_uid),
                     .qos = found.qos,
                     .runtime = name->runtime};
  // The kubelet writes a uid's dashes as underscores in a slice name (ToSystemd in pkg/kubelet/cm);
  // uids hold no underscore themselves.
  if (found.systemd_driver) std::ranges::replace(path.pod_uid, '_', '-');
  return path;
}

}  // namespace iopslimit
