// SPDX-License-Identifier: Apache-2.0
#include "cgroup/path_walk.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace iopslimit {
namespace {

constexpr std::size_t max_prefix_depth = 4;

bool is_uid_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.';
}

// A static pod's manifest may set any uid, so only text that cannot be a uid at all is rejected.
bool is_pod_uid(std::string_view uid) {
  return !uid.empty() && uid.size() <= 128 && std::ranges::all_of(uid, is_uid_character);
}

// systemd's own slices hold services, users and virtual machines. A container ID (alone, or after a
// runtime's name) belongs to a runtime that runs beside the kubelet. A kubepods directory below one
// of these is inside somebody's container (kind, docker in docker).
bool may_lead_to_kubepods(std::string_view name) {
  constexpr std::array systemd_slices{"system.slice", "user.slice", "machine.slice"};
  if (std::ranges::find(systemd_slices, name) != systemd_slices.end()) return false;
  if (name.ends_with(".slice")) return true;
  return !name.empty() && name.find('.') == std::string_view::npos &&
         !is_container_id(name.substr(name.rfind('-') + 1));  // npos + 1 is 0: no dash, whole name
}

// Each step consumes one component. It knows the previous components only through these members.
class Steps {
 public:
  explicit Steps(Standalone standalone) : standalone_(standalone) {}
  const CgroupWalk& walk() const { return walk_; }
  void step(std::string_view name);

 private:
  void step_prefix(std::string_view name);
  void step_kubepods(std::string_view name);
  void step_outside(std::string_view name);
  void enter_container(const std::optional<ContainerName>& name);
  void step_container(std::string_view name);
  bool child_slice(std::string_view name, std::string_view& rest) const;

  CgroupWalk walk_;
  Standalone standalone_;
  std::size_t depth_ = 0;
  std::string_view slice_;  // stem of the innermost slice so far: "kubelet", "kubepods-burstable"
  const StandaloneHome* home_ = nullptr;
  bool in_standalone_pod_ = false;
};

// systemd names a slice after its parents: a-b.slice is below a.slice. `rest` is the part that the
// last component adds.
bool Steps::child_slice(std::string_view name, std::string_view& rest) const {
  if (!take_suffix(name, ".slice")) return false;
  if (!slice_.empty() && !(take_prefix(name, slice_) && take_prefix(name, "-"))) return false;
  rest = name;
  return true;
}

void Steps::step_prefix(std::string_view name) {
  std::string_view rest;
  walk_.kind = CgroupKind::prefix;
  if (name == "kubepods") {
    walk_.kind = CgroupKind::kubepods;
  } else if (child_slice(name, rest) && rest == "kubepods") {
    walk_.kind = CgroupKind::kubepods;
    walk_.systemd_driver = true;
  } else if (depth_ == 0 && (home_ = find_standalone_home(name, standalone_)) != nullptr) {
    walk_.kind = CgroupKind::outside;
  } else if (depth_ >= max_prefix_depth || !may_lead_to_kubepods(name)) {
    walk_.kind = CgroupKind::elsewhere;
  }
}

void Steps::step_kubepods(std::string_view name) {
  std::string_view rest = name;
  const bool well_named = !walk_.systemd_driver || child_slice(name, rest);
  if (well_named && walk_.kind == CgroupKind::kubepods &&
      (rest == "burstable" || rest == "besteffort")) {
    walk_.kind = CgroupKind::qos;
    walk_.qos = rest == "burstable" ? QosClass::burstable : QosClass::besteffort;
  } else if (well_named && take_prefix(rest, "pod") && is_pod_uid(rest)) {
    if (walk_.kind == CgroupKind::kubepods) walk_.qos = QosClass::guaranteed;
    walk_.kind = CgroupKind::pod;
    walk_.pod_uid = rest;
  } else {
    walk_.kind = CgroupKind::elsewhere;
  }
}

// Including standalone containers excludes nothing of the kubelet's: a --cgroup-root may be in a
// cgroupfs home, whereas systemd's slices never lead to pods.
void Steps::step_outside(std::string_view name) {
  if (const auto container = parse_standalone_name(name, *home_)) return enter_container(container);
  if (!in_standalone_pod_ && is_standalone_pod(name, *home_)) {
    in_standalone_pod_ = true;
  } else if (in_standalone_pod_ || home_->systemd_driver) {
    walk_.kind = CgroupKind::elsewhere;
  } else {
    step_prefix(name);
  }
}

void Steps::enter_container(const std::optional<ContainerName>& name) {
  walk_.kind = name ? CgroupKind::container : CgroupKind::elsewhere;
  walk_.container = name.value_or(ContainerName{});
}

// Everything else below a container is ignored: pod authors choose the names there.
void Steps::step_container(std::string_view name) {
  const bool leaf = walk_.may_hold_process_leaf() && name == process_leaf;
  walk_.at_process_leaf = leaf;
  if (!leaf) walk_.kind = CgroupKind::elsewhere;
}

void Steps::step(std::string_view name) {
  switch (walk_.kind) {
    case CgroupKind::prefix:
      step_prefix(name);
      break;
    case CgroupKind::kubepods:
    case CgroupKind::qos:
      step_kubepods(name);
      break;
    case CgroupKind::pod:
      enter_container(parse_container_name(name, walk_.systemd_driver));
      break;
    case CgroupKind::outside:
      step_outside(name);
      break;
    case CgroupKind::container:
      step_container(name);
      break;
    case CgroupKind::elsewhere:
      break;
  }
  if (name.ends_with(".slice")) slice_ = name.substr(0, name.size() - 6);
  ++depth_;
}

}  // namespace

bool CgroupWalk::may_hold_process_leaf() const {
  if (kind != CgroupKind::container || at_process_leaf || !container.scope) return false;
  return container.runtime == RuntimeHint::crio || container.runtime == RuntimeHint::podman;
}

CgroupWalk walk_cgroup(std::string_view cgroup, Standalone standalone) {
  if (!take_prefix(cgroup, "/")) return {.kind = CgroupKind::elsewhere};
  Steps steps(standalone);
  bool more = !cgroup.empty();
  while (more && steps.walk().kind != CgroupKind::elsewhere) {
    const auto slash = std::min(cgroup.find('/'), cgroup.size());
    steps.step(cgroup.substr(0, slash));
    more = slash < cgroup.size();
    cgroup.remove_prefix(more ? slash + 1 : slash);
  }
  return steps.walk();
}

}  // namespace iopslimit
