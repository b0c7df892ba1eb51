// SPDX-License-Identifier: Apache-2.0
// Block devices, as udev and sysfs describe them.
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

/// Finds devices with libudev, which reads sysfs. udev's database may be absent: it is read only
/// for values that sysfs lacks. Nothing in /dev is opened, because the service's own /dev has no
/// disks (PrivateDevices=).
class BlockDevices {
 public:
  /// Throws std::bad_alloc.
  BlockDevices();

  /// Returns the device that has this number now. Throws std::system_error, as named() does, when
  /// that cannot be found out.
  std::optional<BlockDevice> at(Devnum devnum) const;

  /// Returns the device with this kernel name. `slaves` may name devices that are gone: the links
  /// stay until the device above releases them.
  std::optional<BlockDevice> named(const std::string& name) const;

 private:
  struct Unref {
    void operator()(udev* context) const;
    void operator()(udev_device* device) const;
  };
  std::optional<BlockDevice> read(udev_device* device) const;

  std::unique_ptr<udev, Unref> context_;
};

/// Returns the names in a sysfs folder that holds one link for each device, sorted. sysfs writes a
/// '/' in a device's name as '!' ("cciss!c0d0"); the result has the '/'. Empty when the folder does
/// not exist. Throws std::system_error when it cannot be read.
std::vector<std::string> device_names(const std::filesystem::path& folder);

}  // namespace iopslimit
