// SPDX-License-Identifier: Apache-2.0
// Whether this process itself runs in a container.
#pragma once

#include <string_view>

namespace iopslimit {

/// `cgroups`: the text of /proc/self/cgroup, cgroups(7). `cgroup_namespace`: the target of
/// /proc/self/ns/cgroup; empty if the kernel has none. In a namespace of its own a container sees
/// itself as the root. The first namespace has a fixed number (PROC_CGROUP_INIT_INO in
/// include/linux/proc_ns.h).
bool is_in_container(std::string_view cgroups, std::string_view cgroup_namespace);

}  // namespace iopslimit
