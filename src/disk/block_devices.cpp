// SPDX-License-Identifier: Apache-2.0
#include "disk/block_devices.hpp"

#include <libudev.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <new>
#include <system_error>

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

// NVMe pads model and serial with blanks to the length of the field.
std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\n") + 1);
  return text;
}

// Throws std::system_error when the process or the kernel is short of something: without the
// attribute the device would look like another one.
std::string attribute(udev_device* device, const char* name) {
  if (device == nullptr) return "";
  const char* text = udev_device_get_sysattr_value(device, name);
  const int error = text == nullptr ? errno : 0;
  if (error == ENOMEM || error == EMFILE || error == ENFILE)
    throw std::system_error(error, std::generic_category(), "cannot read the attributes of a disk");
  return trimmed(text_of(text));
}

std::string property(udev_device* device, const char* name) {
  return trimmed(text_of(udev_device_get_property_value(device, name)));
}

unsigned number_of(const std::string& text) {
  unsigned number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Returns the device that has model and serial: the controller, or the subsystem for the head disk
// of an NVMe multipath namespace, which may be reached through several controllers.
udev_device* nvme_parent(udev_device* disk) {
  udev_device* parent = udev_device_get_parent(disk);
  if (parent == nullptr) return nullptr;
  const std::string subsystem = text_of(udev_device_get_subsystem(parent));
  return subsystem == "nvme" || subsystem == "nvme-subsystem" ? parent : nullptr;
}

// Reads sysfs before the udev properties: udev's database can be absent (in a container), and the
// kernel's value is the correct one.
std::string model_of(udev_device* disk) {
  const std::string model = attribute(nvme_parent(disk), "model");
  return model.empty() ? property(disk, "ID_MODEL") : model;
}

std::string serial_of(udev_device* disk) {
  std::string serial = attribute(nvme_parent(disk), "serial");
  if (serial.empty()) serial = property(disk, "ID_SERIAL_SHORT");
  return serial.empty() ? attribute(disk, "serial") : serial;  // virtio has it on the disk
}

// Since Linux 5.15 (cf179948554a) every disk has a number that no other disk of this boot has; a
// loop device gets a new one with every file. On older kernels the inode number of the disk's sysfs
// folder indicates when it was created: since Linux 4.14 (7d35079f8277) sysfs assigns these numbers
// cyclically. Even older kernels assign the lowest free number, so a value that identifies the disk
// itself is appended: wwid (NVMe), dm/uuid, the serial.
std::string identity_of(udev_device* disk) {
  const std::string number = attribute(disk, "diskseq");
  if (!number.empty()) return "diskseq " + number;
  struct stat folder = {};
  const int missed = stat(udev_device_get_syspath(disk), &folder);
  std::string identity = "inode " + std::to_string(missed != 0 ? 0 : folder.st_ino);
  for (const std::string& own :
       {attribute(disk, "wwid"), attribute(disk, "dm/uuid"), serial_of(disk)}) {
    if (!own.empty()) return identity.append(" ").append(own);
  }
  return identity;
}

// A partition that is deleted and created again elsewhere on the disk may get the same number.
std::string identity_of_partition(udev_device* partition, udev_device* disk) {
  return identity_of(disk) + " partition " + attribute(partition, "partition") + " at " +
         attribute(partition, "start");
}

// "Not there" is an answer. Every other failure says nothing about the device, and must not look as
// if it were gone.
void throw_unless_gone(int error, const std::string& what) {
  if (error == 0 || error == ENOENT || error == ENODEV || error == ENXIO || error == ENOTDIR)
    return;
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

void BlockDevices::Unref::operator()(udev* context) const {
  udev_unref(context);
}

void BlockDevices::Unref::operator()(udev_device* device) const {
  udev_device_unref(device);
}

BlockDevices::BlockDevices() : context_(udev_new()) {
  if (!context_) throw std::bad_alloc();
}

std::optional<BlockDevice> BlockDevices::at(Devnum devnum) const {
  errno = 0;
  const std::unique_ptr<udev_device, Unref> device(
      udev_device_new_from_devnum(context_.get(), 'b', makedev(devnum.major, devnum.minor)));
  if (!device) throw_unless_gone(errno, "cannot look up the device " + to_string(devnum));
  return read(device.get());
}

std::optional<BlockDevice> BlockDevices::named(const std::string& name) const {
  errno = 0;
  const std::unique_ptr<udev_device, Unref> device(
      udev_device_new_from_subsystem_sysname(context_.get(), "block", name.c_str()));
  if (!device) throw_unless_gone(errno, "cannot look up the device " + name);
  return read(device.get());
}

std::optional<BlockDevice> BlockDevices::read(udev_device* device) const {
  const dev_t devnum = device == nullptr ? 0 : udev_device_get_devnum(device);
  if (devnum == 0) return std::nullopt;  // gone, or a hidden path of an NVMe multipath disk
  BlockDevice facts;
  facts.name = text_of(udev_device_get_sysname(device));
  facts.devnum = {major(devnum), minor(devnum)};
  if (text_of(udev_device_get_devtype(device)) == "partition") {
    udev_device* disk = udev_device_get_parent_with_subsystem_devtype(device, "block", "disk");
    if (disk == nullptr) return std::nullopt;
    facts.whole = text_of(udev_device_get_sysname(disk));
    facts.identity = identity_of_partition(device, disk);
    return facts;
  }
  facts.slaves = device_names(fs::path(udev_device_get_syspath(device)) / "slaves");
  facts.dm_uuid = attribute(device, "dm/uuid");
  facts.dm_name = attribute(device, "dm/name");
  facts.md_level = attribute(device, "md/level");
  facts.backing_file = attribute(device, "loop/backing_file");
  facts.model = model_of(device);
  facts.serial = serial_of(device);
  facts.namespace_id = number_of(attribute(device, "nsid"));
  facts.identity = identity_of(device);
  return facts;
}

std::vector<std::string> device_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator one(folder, error), end; !error && one != end; one.increment(error)) {
    names.push_back(one->path().filename());
    std::replace(names.back().begin(), names.back().end(), '!', '/');
  }
  throw_unless_gone(error.value(), "cannot read " + folder.string());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace iopslimit
