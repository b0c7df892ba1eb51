// SPDX-License-Identifier: Apache-2.0
// Block devices and stacks for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "disk/placement.hpp"

namespace iopslimit {

inline BlockDevice block_device(const std::string& name, Devnum devnum,
                                std::vector<std::string> slaves = {}) {
  return {
      .name = name, .devnum = devnum, .slaves = std::move(slaves), .identity = "seq-of-" + name};
}

inline BlockDevice partition(const std::string& name, Devnum devnum, const std::string& whole) {
  BlockDevice device = block_device(name, devnum);
  device.whole = whole;
  return device;
}

/// What the file system is on comes first; one member unless `members` says otherwise.
inline DataStack stack_of(std::vector<BlockDevice> devices, std::vector<std::string> members = {}) {
  if (members.empty()) members = {devices.front().name};
  return {.mount = "/data",
          .file_system = "ext4",
          .members = std::move(members),
          .devices = std::move(devices)};
}

/// ext4 at `mount` on the first partition of a disk with this number.
inline DataStack on_partition(Devnum disk = {259, 0}, const std::string& mount = "/data") {
  const std::string name = "nvme" + std::to_string(disk.minor) + "n1";
  DataStack stack = stack_of(
      {partition(name + "p1", {disk.major, disk.minor + 1}, name), block_device(name, disk)});
  stack.mount = mount;
  return stack;
}

}  // namespace iopslimit
