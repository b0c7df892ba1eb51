// SPDX-License-Identifier: Apache-2.0
// Which cgroups hold processes.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cgroup/path.hpp"

namespace iopslimit {

/// The cgroups below `cgroup` that hold processes themselves. Whoever is in a container may make
/// cgroups in it, with any name and any number: only the first 256 directories, down to a depth of
/// 16, are searched. Unreadable ones are left out.
std::vector<std::string> populated_below(const std::string& root, const std::string& cgroup);

/// Those among populated_below() each container that are none of `containers`: processes that no
/// container's limit reaches where a limit does not hold for the cgroups below.
struct Stray {
  const ContainerPath* container;
  std::string cgroup;
};
std::vector<Stray> strays(const std::string& root, const std::vector<ContainerPath>& containers);

/// The cgroup of a container that a user's own runtime made (rootless podman or docker, which ask
/// the user's systemd for user-<uid>.slice/user@<uid>.service/user.slice/<name>.scope), empty if
/// there is none. Users make these directories, with any name and any number: of each user only the
/// first 256 are looked at.
std::string users_container(const std::string& root);

/// Whether neither the cgroup nor one below it holds a process. False if that cannot be read.
bool is_empty(const std::string& root, const std::string& cgroup);

}  // namespace iopslimit
