// SPDX-License-Identifier: Apache-2.0
// Looks up what the controller has to know of the disks.
#pragma once

#include "control/data_mounts.hpp"
#include "disk/mount_resolver.hpp"

namespace iopslimit {

/// The mounts of a configuration, the node's own mounts, and the identities of the disks that carry
/// rules. Throws std::system_error if they cannot be looked up now.
DiskFacts find_disks(const MountResolver& resolver, const Config& config, const Targets& targets);

}  // namespace iopslimit
