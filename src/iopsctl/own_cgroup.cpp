// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/own_cgroup.hpp"

#include <algorithm>
#include <string>

#include "cgroup/path.hpp"
#include "loop/token.hpp"

namespace iopslimit {
namespace {

constexpr std::string_view first_namespace = "cgroup:[4026531835]";

bool is_container_folder(std::string_view cgroup) {
  switch (kind_of(cgroup, {.docker = true, .podman = true})) {
    case CgroupKind::kubepods:
    case CgroupKind::level:
    case CgroupKind::pod:
    case CgroupKind::container:
    case CgroupKind::unfamiliar:
      return true;
    default:
      return false;
  }
}

// The cgroup or one that it is in: below a container names mean nothing.
bool is_of_container(std::string_view cgroup) {
  for (std::size_t end = 1; end < cgroup.size();) {
    end = std::min(cgroup.find('/', end), cgroup.size());
    if (is_container_folder(cgroup.substr(0, end))) return true;
    ++end;
  }
  return false;
}

}  // namespace

bool is_in_container(std::string_view cgroups, std::string_view cgroup_namespace) {
  if (!cgroup_namespace.empty() && cgroup_namespace != first_namespace) return true;
  while (!cgroups.empty()) {
    const std::string_view line = take_token(cgroups, '\n');
    const std::size_t path = line.find(":/");  // ID:CONTROLLERS:PATH
    if (path != std::string_view::npos && is_of_container(line.substr(path + 1))) return true;
  }
  return false;
}

}  // namespace iopslimit
