// SPDX-License-Identifier: Apache-2.0
// Walks from a file system's devices down to the disks.
#pragma once

#include <string>
#include <vector>

#include "disk/block_devices.hpp"
#include "disk/data_stack.hpp"

namespace iopslimit {

/// Returns `members`, their whole disks and all devices below, each once, in the order of the walk.
/// Devices that are gone are omitted, and so are devices that stood only on those: `slaves` and
/// `whole` name only devices that are in the result. An array that lost one of its disks stays in
/// it.
std::vector<BlockDevice> walk_down(const BlockDevices& devices, std::vector<BlockDevice> members);

}  // namespace iopslimit
