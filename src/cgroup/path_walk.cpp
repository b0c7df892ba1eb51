// SPDX-License-Identifier: Apache-2.0
#include "cgroup/path_walk.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace iopslimit {
namespace {

constexpr std::size_t max_prefix_depth = 4;
// Between kubepods and the pods: the second kubepods of a kubelet in a container, and the class.
constexpr std::size_t max_levels = 3;

// What is in a slice or a service may be a kubelet's or a runtime's. A scope holds the processes of
// somebody's container or session, and a kubepods directory below it is inside of that (kind,
// docker in docker). The names of users' cgroups are the users'.
bool may_lead_to_kubepods(std::string_view name) {
  if (name.empty() || name == "user.slice" || name == "machine.slice") return false;
  if (name == "k8s.io" || take_suffix(name, ".slice") || take_suffix(name, ".service"))
    return !parse_container_name(name);
  return name.find('.') == std::string_view::npos;
}

// Prefixes that stand for the bare IDs in a directory of the hierarchy's root: dockerd's own,
// containerd's for the kubelet's namespace, and Kata's for the virtual machines of pods.
std::string_view prefix_in(std::string_view directory) {
  if (directory == "docker") return "docker";
  if (directory == "k8s.io") return "cri-containerd";
  return directory == "kata_overhead" ? directory : std::string_view();
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
  void step_pod(std::string_view name);
  void step_outside(std::string_view name);
  void step_container(std::string_view name);
  void enter_outside_of_pods(ContainerName name);
  bool is_included(const ContainerName& name) const;
  void enter_pod(const PodName& name);
  bool child_slice(std::string_view name, std::string_view& rest) const;

  CgroupWalk walk_;
  Standalone standalone_;
  std::size_t depth_ = 0;
  std::size_t levels_ = 0;   // below kubepods
  std::string_view parent_;  // the previous component
  std::string_view slice_;   // stem of the innermost slice so far: "kubelet", "kubepods-burstable"
  bool in_podman_pod_ = false;
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
  if (name == "kubepods" || (child_slice(name, rest) && rest == "kubepods")) {
    walk_.kind = CgroupKind::kubepods;
  } else if (depth_ == 0 && name == "machine.slice") {
    walk_.kind = CgroupKind::outside;
  } else if (is_podman_pod(name, depth_ == 1 ? parent_ : std::string_view())) {
    walk_.kind = CgroupKind::outside;
    in_podman_pod_ = true;
  } else if (const auto container = parse_container_name(name)) {
    enter_outside_of_pods(*container);
  } else if (is_build_step(name, parent_)) {
    walk_.kind = CgroupKind::unfamiliar;
  } else if (depth_ >= max_prefix_depth || !may_lead_to_kubepods(name)) {
    walk_.kind = CgroupKind::elsewhere;
  }
}

// Levels that are not known lead to pods too. What has a container's name is one, even without a
// pod: it is in the kubelet's tree.
void Steps::step_kubepods(std::string_view name) {
  std::string_view rest = name;
  child_slice(name, rest);
  if (const auto pod = parse_pod_name(name)) {
    enter_pod(*pod);
  } else if (const auto container = parse_container_name(name)) {
    walk_.kind = container->monitor ? CgroupKind::elsewhere : CgroupKind::container;
    walk_.container = *container;
  } else if (levels_++ >= max_levels || !may_lead_to_kubepods(name)) {
    walk_.kind = CgroupKind::elsewhere;
  } else {
    walk_.kind = CgroupKind::level;
    if (rest == "burstable") walk_.qos = QosClass::burstable;
    if (rest == "besteffort") walk_.qos = QosClass::besteffort;
  }
}

void Steps::enter_pod(const PodName& name) {
  walk_.kind = CgroupKind::pod;
  walk_.pod_uid = name.uid;
  walk_.uid_in_slice = name.slice;
  if (walk_.qos == QosClass::none) walk_.qos = QosClass::guaranteed;
}

// CRI-O makes an empty directory for a sandbox without processes: below a slice it has no ".scope".
void Steps::step_pod(std::string_view name) {
  const auto container = parse_container_name(name);
  walk_.kind = CgroupKind::unfamiliar;
  if (!container) return;
  const bool empty = walk_.uid_in_slice && container->prefix == "crio" && !container->scope;
  walk_.kind = empty || container->monitor ? CgroupKind::elsewhere : CgroupKind::container;
  walk_.container = *container;
}

// The kubelet's own containers that are in no pod's directory are limited as all others.
void Steps::enter_outside_of_pods(ContainerName name) {
  if (depth_ == 1 && name.prefix.empty()) set_prefix(name, prefix_in(parent_));
  walk_.container = name;
  walk_.kind = is_included(name) ? CgroupKind::container : CgroupKind::unfamiliar;
  if (name.monitor) walk_.kind = CgroupKind::elsewhere;
  if (walk_.kind != CgroupKind::container || name.slice.empty()) return;
  const auto pod = parse_pod_name(name.slice);
  if (!pod) return;
  enter_pod(*pod);
  walk_.kind = CgroupKind::container;
  walk_.outside_pod = true;
  const std::string_view stem = name.slice.substr(0, name.slice.rfind("-pod"));
  if (stem.ends_with("kubepods-burstable")) walk_.qos = QosClass::burstable;
  if (stem.ends_with("kubepods-besteffort")) walk_.qos = QosClass::besteffort;
}

bool Steps::is_included(const ContainerName& name) const {
  if (name.slice.find("kubepods") != std::string_view::npos) return true;
  if (name.runtime == RuntimeHint::docker) return standalone_.docker;
  if (name.runtime == RuntimeHint::podman) return standalone_.podman;
  return name.runtime != RuntimeHint::unknown || name.prefix.starts_with("kata");
}

// No kubelet has its tree here.
void Steps::step_outside(std::string_view name) {
  const auto container = parse_container_name(name);
  if (container) {
    enter_outside_of_pods(*container);
  } else if (!in_podman_pod_ && is_podman_pod(name, parent_)) {
    in_podman_pod_ = true;
  } else {
    walk_.kind = CgroupKind::elsewhere;
  }
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
    case CgroupKind::level:
      step_kubepods(name);
      break;
    case CgroupKind::pod:
      step_pod(name);
      break;
    case CgroupKind::outside:
      step_outside(name);
      break;
    case CgroupKind::container:
      step_container(name);
      break;
    case CgroupKind::unfamiliar:
    case CgroupKind::elsewhere:
      walk_.kind = CgroupKind::elsewhere;
      break;
  }
  if (name.ends_with(".slice")) slice_ = name.substr(0, name.size() - 6);
  parent_ = name;
  ++depth_;
}

}  // namespace

bool CgroupWalk::may_hold_process_leaf() const {
  return kind == CgroupKind::container && !at_process_leaf && container.scope;
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
