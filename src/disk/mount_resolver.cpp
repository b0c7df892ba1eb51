// SPDX-License-Identifier: Apache-2.0
#include "disk/mount_resolver.hpp"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "disk/block_tree.hpp"
#include "disk/btrfs_members.hpp"

namespace iopslimit {
namespace {

namespace fs = std::filesystem;

// For comparison: 100,000 mounts are about 20 MB.
constexpr std::size_t most_mountinfo = 256UL << 20;

const std::string set_mount = "set [device] mount to the directory the data disk is mounted on";

NotMounted disk_gone(const std::string& path, const Mount& mount) {
  const bool anonymous = mount.devnum.major == 0;  // btrfs
  const std::string number = anonymous ? "" : to_string(mount.devnum) + ", ";
  return {path + " is mounted, but its block device (" + number + mount.source +
          ") or all that is below it is not in /sys: the disk is gone; when it is back, unmount " +
          path + " and mount it again"};
}

Unsupported unknown_btrfs(const std::string& path, const Mount& mount) {
  return {path + " is btrfs on " + mount.source +
          ", and neither the id of the file system nor that name leads to one in /sys/fs/btrfs, "
          "so its disks are not known: mount it by the name /dev/NAME or /dev/mapper/NAME of one "
          "of its devices"};
}

bool has(const std::vector<BlockDevice>& devices, const std::string& name) {
  return std::any_of(devices.begin(), devices.end(),
                     [&](const BlockDevice& one) { return one.name == name; });
}

MountFacts no_such_path(const std::string& path, const std::error_code& why) {
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

MountFacts not_a_mount(const std::string& path, const std::string& real,
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
  if (!holder) return NotMounted{path + " is not mounted: mount the data disk there"};
  return NotMounted{path + " is not mounted: it is a plain directory on the file system of " +
                    holder->mount_point + " (" + holder->file_system + ", " + holder->source +
                    "), whose disk is not limited in its place; mount the data disk there, or " +
                    set_mount};
}

// Returns the mount that holds `path`. Tries the path as given first, because any access to the
// path itself may hang on a dead NFS server or start an automount.
std::optional<Mount> mount_of(const std::vector<Mount>& mounts, const std::string& path) {
  auto as_given = holding_mount(mounts, path);
  if (!as_given || may_hang(*as_given)) return std::nullopt;
  if (as_given->mount_point == path) return as_given;
  std::error_code error;
  const std::string real = fs::canonical(path, error).string();
  return error ? std::nullopt : holding_mount(mounts, real);
}

}  // namespace

MountResolver::MountResolver(const std::string& mountinfo) {
  auto opened = open_at(AT_FDCWD, mountinfo.c_str(), O_RDONLY);
  if (!opened) throw std::system_error(opened.error(), "cannot open " + mountinfo);
  mountinfo_ = *std::move(opened);
}

std::vector<Mount> MountResolver::read_mounts() const {
  std::string text;
  if (const auto error = read_whole(fd(), most_mountinfo, text)) {
    throw std::system_error(error, "cannot read mountinfo");
  }
  return parse_mountinfo(text);
}

std::vector<MountFacts> MountResolver::find(const std::vector<std::string>& mount_points) const {
  const std::vector<Mount> now = read_mounts();
  std::vector<MountFacts> facts;
  facts.reserve(mount_points.size());
  for (const std::string& one : mount_points) facts.push_back(find_one(now, one));
  return facts;
}

MountFacts MountResolver::find_one(const std::vector<Mount>& mounts,
                                   const std::string& mount_point) const {
  if (!mount_point.starts_with('/')) {
    return Unsupported{"'" + mount_point + "' is not an absolute path: " + set_mount};
  }
  // Try the path as given first, as in mount_of().
  if (const auto mount = find_mount(mounts, mount_point)) return behind(mount_point, *mount);

  std::error_code error;
  const std::string real = fs::canonical(mount_point, error).string();
  if (error) return no_such_path(mount_point, error);
  if (const auto mount = find_mount(mounts, real)) return behind(mount_point, *mount);
  return not_a_mount(mount_point, real, mounts);
}

MountFacts MountResolver::behind(const std::string& path, const Mount& mount) const {
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
  return stack_of(path, mount);
}

MountFacts MountResolver::stack_of(const std::string& path, const Mount& mount) const {
  DataStack stack;
  stack.mount = path;
  stack.file_system = mount.file_system;
  std::vector<BlockDevice> members;
  if (mount.file_system == "btrfs") {
    const auto btrfs = btrfs_members(mount);
    if (!btrfs) return unknown_btrfs(path, mount);
    stack.profile = btrfs->profile;
    for (const std::string& name : btrfs->names) {
      if (auto member = devices_.named(name)) members.push_back(std::move(*member));
    }
  } else if (auto member = devices_.at(mount.devnum)) {
    members.push_back(std::move(*member));
  }
  for (const BlockDevice& one : members) stack.members.push_back(one.name);
  stack.devices = walk_down(devices_, std::move(members));
  std::erase_if(stack.members, [&](const std::string& name) { return !has(stack.devices, name); });
  if (stack.members.empty()) return disk_gone(path, mount);
  return stack;
}

std::vector<SystemMount> MountResolver::system_mounts(const std::vector<std::string>& paths) const {
  const std::vector<Mount> now = read_mounts();
  std::vector<SystemMount> system_mounts;
  for (const std::string& path : paths) {
    const auto mount = mount_of(now, path);
    if (!mount) continue;
    const MountFacts facts = stack_of(path, *mount);
    const auto* stack = std::get_if<DataStack>(&facts);
    if (stack == nullptr) continue;
    SystemMount found = {path, {}};
    for (const BlockDevice& one : stack->devices) found.devices.push_back(one.devnum);
    system_mounts.push_back(std::move(found));
  }
  return system_mounts;
}

std::string MountResolver::identity_of(Devnum devnum) const {
  const auto device = devices_.at(devnum);
  return device ? device->identity : "";
}

}  // namespace iopslimit
