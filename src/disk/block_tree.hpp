// SPDX-License-Identifier: Apache-2.0
// The way down from a file system's devices to the disks.
#pragma once

#include <string>
#include <vector>

#include "disk/block_devices.hpp"
#include "disk/data_stack.hpp"

namespace iopslimit {

/// `members`, their whole disks and all that is below, each once, in the order walked. What is gone
/// is left out, and so is what stood on it alone: `slaves` and `whole` name only devices that are
/// in the answer. An array that lost one of its disks goes on.
std::vector<BlockDevice> walk_down(const BlockDevices& devices, std::vector<BlockDevice> members);

}  // namespace iopslimit
