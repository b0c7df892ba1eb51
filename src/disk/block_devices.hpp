// SPDX-License-Identifier: Apache-2.0
// Block devices as udev and sysfs have them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "disk/data_stack.hpp"

struct udev;
struct udev_device;

namespace iopslimit {

/// Looks devices up by libudev, which reads sysfs; udev's database is asked only for what sysfs
/// lacks, and may be absent. Nothing is opened in /dev: the service's own /dev has no disks
/// (PrivateDevices=).
class BlockDevices {
 public:
  /// Throws std::bad_alloc.
  BlockDevices();

  /// The device that has this number now.
  std::optional<BlockDevice> at(Devnum devnum) const;

  /// The device of this kernel name. `slaves` may name devices that are no longer there: the links
  /// stay until the device above lets go of them.
  std::optional<BlockDevice> named(const std::string& name) const;

 private:
  struct Unref {
    void operator()(udev* context) const;
    void operator()(udev_device* device) const;
  };
  std::optional<BlockDevice> read(udev_device* device) const;

  std::unique_ptr<udev, Unref> context_;
};

/// The names in a folder of sysfs that holds a link for each device, sorted; a device's '/' is
/// written as '!' there ("cciss!c0d0"). Empty when there is no such folder.
std::vector<std::string> device_names(const std::filesystem::path& folder);

}  // namespace iopslimit
