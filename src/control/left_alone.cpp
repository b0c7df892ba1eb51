// SPDX-License-Identifier: Apache-2.0
#include "control/left_alone.hpp"

#include <utility>

namespace iopslimit {
namespace {

std::string_view folder_of(std::string_view cgroup) {
  return cgroup.substr(0, cgroup.rfind('/') + 1);
}

Event left_alone(Severity severity, const ContainerPath& path, const std::string& cgroup,
                 const std::string& why) {
  Event event = workload_event(path, nullptr);
  event.severity = severity;
  event.action = Action::degraded;
  event.cgroup = cgroup;
  event.text = "left alone: " + cgroup + " " + why;
  return event;
}

std::string standalone(const char* runtime) {
  return std::string("looks like a container of ") + runtime +
         ", outside of Kubernetes; to limit these too, set [runtime] standalone = " + runtime;
}

std::string why_alone(const ContainerPath& path) {
  if (!path.pod_uid.empty())
    return "is in a pod, but its name does not end in a container's ID: its processes are not "
           "limited";
  if (path.runtime == RuntimeHint::docker) return standalone("docker");
  if (path.runtime == RuntimeHint::podman) return standalone("podman");
  return "looks like a container, but not like one of the kubelet's: it is not limited";
}

}  // namespace

void LeftAlone::add(const ContainerPath& path) {
  const bool in_pod = !path.pod_uid.empty();
  if (!is_first(path.cgroup, folder_of(path.cgroup))) return;
  events_.emit(left_alone(in_pod ? Severity::warning : Severity::notice, path, path.cgroup,
                          why_alone(path) + "; others beside it are counted, not named"));
}

void LeftAlone::add_child(const ContainerPath& container, const std::string& child) {
  if (!is_first(child, container.cgroup)) return;
  events_.emit(left_alone(Severity::warning, container, child,
                          "holds processes of a limited container: with cgroup v1 a limit does not "
                          "hold for the cgroups below (see docs/limitations.md)"));
}

void LeftAlone::add_users_container(const std::string& cgroup) {
  if (!is_first(cgroup, "/user.slice/")) return;
  events_.emit(left_alone(Severity::notice, parse_cgroup(cgroup), cgroup,
                          "is a user's own container: those are not limited; a limit of user.slice "
                          "holds for all of them together (see docs/limitations.md)"));
}

// Returns true if the folder was not announced before.
bool LeftAlone::is_first(const std::string& cgroup, std::string_view folder) {
  if (cgroups_.size() < most) cgroups_.insert(cgroup);
  if (announced_.contains(folder) || announced_.size() >= most) return false;
  announced_.emplace(folder);
  return true;
}

}  // namespace iopslimit
