// SPDX-License-Identifier: Apache-2.0
#include "host/data_disk.hpp"

#include <fcntl.h>
#include <libudev.h>
#include <sys/sysmacros.h>

#include <charconv>
#include <filesystem>
#include <memory>
#include <new>
#include <system_error>
#include <vector>

#include "core/mounts.hpp"

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

// 100,000 mounts are about 20 MB.
constexpr std::size_t most_mountinfo = 256UL << 20;

struct UdevFree {
  void operator()(udev* context) const { udev_unref(context); }
  void operator()(udev_device* device) const { udev_device_unref(device); }
};
using Udev = std::unique_ptr<udev, UdevFree>;
using UdevDevice = std::unique_ptr<udev_device, UdevFree>;

const std::string set_mount = "set [device] mount to the directory the data disk is mounted on";

std::string text_of(const char* text) {
  return text == nullptr ? "" : text;
}

std::string attribute(udev_device* device, const char* name) {
  return device == nullptr ? "" : text_of(udev_device_get_sysattr_value(device, name));
}

std::string property(udev_device* device, const char* name) {
  return text_of(udev_device_get_property_value(device, name));
}

// NVMe pads model and serial with blanks to the length of the field.
std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \t\n") + 1);
  return text;
}

std::string first_of(std::string one, std::string other) {
  std::string text = trimmed(std::move(one));
  return text.empty() ? trimmed(std::move(other)) : text;
}

unsigned number_of(const std::string& text) {
  unsigned number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The whole disk of a partition, the device itself otherwise. Belongs to `device`.
udev_device* whole_disk(udev_device* device) {
  if (text_of(udev_device_get_devtype(device)) != "partition") return device;
  return udev_device_get_parent_with_subsystem_devtype(device, "block", "disk");
}

// What holds model and serial. The head disk of an NVMe multipath namespace has no "nvme" above it:
// it may be reached through several of them.
udev_device* nvme_parent(udev_device* disk) {
  udev_device* parent = udev_device_get_parent_with_subsystem_devtype(disk, "nvme", nullptr);
  if (parent != nullptr) return parent;
  return udev_device_get_parent_with_subsystem_devtype(disk, "nvme-subsystem", nullptr);
}

// sysfs before properties: udev's database can be absent (a container), and the kernel is right.
WholeDisk stack_facts(udev_device* disk) {
  WholeDisk facts;
  facts.name = text_of(udev_device_get_sysname(disk));
  facts.dm_uuid = first_of(attribute(disk, "dm/uuid"), property(disk, "DM_UUID"));
  facts.dm_name = first_of(attribute(disk, "dm/name"), property(disk, "DM_NAME"));
  facts.md_level = first_of(attribute(disk, "md/level"), property(disk, "MD_LEVEL"));
  facts.backing_file = attribute(disk, "loop/backing_file");
  return facts;
}

void identify(udev_device* disk, DataDevice& data) {
  udev_device* nvme = nvme_parent(disk);
  data.model = first_of(attribute(nvme, "model"), property(disk, "ID_MODEL"));
  data.serial = first_of(attribute(nvme, "serial"), property(disk, "ID_SERIAL_SHORT"));
  if (data.serial.empty()) data.serial = trimmed(attribute(disk, "serial"));  // virtio
  data.namespace_id = number_of(attribute(disk, "nsid"));
}

NotMounted disk_gone(const std::string& path, const Mount& mount) {
  return {path + " is mounted, but its block device " + to_string(mount.devnum) + " (" +
          mount.source + ") is not in /sys: the disk is gone; when it is back, unmount " + path +
          " and mount it again"};
}

DiskAnswer disk_behind(const std::string& path, const Mount& mount) {
  const Udev context(udev_new());
  if (!context) throw std::bad_alloc();
  const dev_t devnum = makedev(mount.devnum.major, mount.devnum.minor);
  const UdevDevice volume(udev_device_new_from_devnum(context.get(), 'b', devnum));
  udev_device* disk = volume ? whole_disk(volume.get()) : nullptr;
  if (disk == nullptr) return disk_gone(path, mount);

  const WholeDisk facts = stack_facts(disk);
  const std::string refused = refused_disk(facts);
  if (!refused.empty()) return Unsupported{path + " is on " + refused};

  DataDevice data;
  data.mount = path;
  data.file_system = mount.file_system;
  data.volume = text_of(udev_device_get_sysname(volume.get()));
  data.volume_devnum = mount.devnum;
  data.disk = facts.name;
  const dev_t rule = udev_device_get_devnum(disk);
  data.rule = {major(rule), minor(rule)};
  identify(disk, data);
  return data;
}

DiskAnswer behind(const std::string& path, const Mount& mount) {
  if (mount.file_system == "autofs") {
    return NotMounted{path +
                      " is an automount point that nothing has used yet: the service goes on "
                      "when the disk is mounted; to mount it now, run: ls " +
                      path};
  }
  const std::string refused = refused_file_system(mount);
  if (!refused.empty()) {
    return Unsupported{path + " (" + mount.source + ") cannot be limited: " + refused};
  }
  return disk_behind(path, mount);
}

DiskAnswer no_such_path(const std::string& path, const std::error_code& why) {
  std::error_code ignored;
  const bool link = fs::is_symlink(fs::symlink_status(path, ignored));
  if (why == std::errc::no_such_file_or_directory) {
    return NotMounted{
        path +
        (link ? " is a symbolic link to a place that does not exist yet" : " does not exist yet") +
        ": mount the data disk there, or " + set_mount};
  }
  return Unsupported{path + " cannot be looked up (" + why.message() + "): check the path, or " +
                     set_mount};
}

DiskAnswer not_a_mount(const std::string& path, const std::string& real,
                       const std::vector<Mount>& mounts) {
  std::error_code ignored;
  const fs::file_status status = fs::status(real, ignored);
  if (fs::is_block_file(status)) {
    return Unsupported{path + " is a block device, not the place it is mounted on: " + set_mount};
  }
  if (fs::exists(status) && !fs::is_directory(status)) {
    return Unsupported{path +
                       " is a file, not a directory with a disk mounted on it: " + set_mount};
  }
  const auto holder = holding_mount(mounts, real);
  const std::string where =
      holder ? " on " + holder->file_system + " (" + holder->source + ")" : "";
  return NotMounted{path + " is not mounted: it is a plain directory" + where +
                    "; mount the data disk there, or " + set_mount};
}

}  // namespace

DataDisk::DataDisk(const std::string& mountinfo) {
  std::error_code error;
  mountinfo_ = open_at(AT_FDCWD, mountinfo.c_str(), O_RDONLY, error);
  if (error) throw std::system_error(error, "cannot open " + mountinfo);
}

DiskAnswer DataDisk::find(const std::string& mount_point) const {
  if (!mount_point.starts_with('/')) {
    return Unsupported{"'" + mount_point + "' is not an absolute path: " + set_mount};
  }
  std::string text;
  if (const auto error = read_whole(fd(), most_mountinfo, text)) {
    throw std::system_error(error, "cannot read mountinfo");
  }
  const std::vector<Mount> mounts = parse_mountinfo(text);
  // The name as given comes first: a look at the path itself may hang on a dead NFS server or start
  // an automount.
  if (const auto mount = find_mount(mounts, mount_point)) return behind(mount_point, *mount);

  std::error_code error;
  const std::string real = fs::canonical(mount_point, error).string();
  if (error) return no_such_path(mount_point, error);
  if (const auto mount = find_mount(mounts, real)) return behind(mount_point, *mount);
  return not_a_mount(mount_point, real, mounts);
}

}  // namespace iopslimit
