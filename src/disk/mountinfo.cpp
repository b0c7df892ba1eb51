// SPDX-License-Identifier: Apache-2.0
#include "disk/mountinfo.hpp"

#include <algorithm>
#include <cstddef>
#include <set>

#include "loop/token.hpp"

namespace iopslimit {
namespace {

bool is_octal(char digit) {
  return digit >= '0' && digit <= '7';
}

// The kernel writes blank, tab, newline and backslash as \ooo (mangle_path() in fs/seq_file.c).
// Some file systems escape more characters in their own fields.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && text.size() - i > 3 && text[i + 1] >= '0' &&
                        text[i + 1] <= '3' && is_octal(text[i + 2]) && is_octal(text[i + 3]);
    if (!escape) {
      plain += text[i];
      continue;
    }
    const int value = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
    plain += static_cast<char>(value);
    i += 3;
  }
  return plain;
}

// 36 35 98:0 /root /mount/point rw,noatime [shared:1 ...] - ext4 /dev/sda1 rw,errors=continue
std::optional<Mount> parse_line(std::string_view line) {
  Mount mount;
  const auto id = whole_number<unsigned>(take_token(line, ' '));
  const auto parent = whole_number<unsigned>(take_token(line, ' '));
  const auto devnum = parse_devnum(take_token(line, ' '));
  if (!id || !parent || !devnum) return std::nullopt;
  mount.id = *id;
  mount.parent = *parent;
  mount.devnum = *devnum;
  mount.root = unescape(take_token(line, ' '));
  mount.mount_point = unescape(take_token(line, ' '));
  take_token(line, ' ');  // options of this mount alone
  while (!line.empty() && take_token(line, ' ') != "-") {
    // optional fields: shared:, master:, propagate_from:, unbindable, and any future ones
  }
  mount.file_system = take_token(line, ' ');
  // Two blanks in a row enclose an empty source: mount(2) accepts "".
  mount.source = unescape(take_token(line, ' '));
  mount.super_options = unescape(line);
  if (mount.root.empty() || mount.mount_point.empty() || mount.super_options.empty()) {
    return std::nullopt;
  }
  return mount;
}

struct RefusedKind {
  std::vector<std::string_view> names;
  std::string_view why;
  std::string_view instead;
  bool waits = false;  ///< an access may wait for another machine or another process
};

constexpr std::string_view a_local_disk =
    "mount a local disk with ext4, xfs or btrfs there, or set [device] mount to where one is "
    "mounted";

const std::vector<RefusedKind>& refused_kinds() {
  static const std::vector<RefusedKind> kinds = {
      {{"nfs", "nfs4", "cifs", "smb3", "ceph", "9p", "virtiofs", "lustre", "afs", "beegfs", "gpfs"},
       " is a network file system, its I/O reaches no disk of this node",
       "limit it where the disks are, and set [device] mount to where a local disk is mounted",
       true},
      {{"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"}, " lives in memory", a_local_disk},
      {{"overlay", "aufs", "ecryptfs"},
       " only lies over other file systems and has no disk of its own",
       "set [device] mount to where the file system that really holds the files is mounted"},
      {{"zfs"},
       " does the I/O to its disks in threads of the kernel, which no container's limit reaches",
       a_local_disk},
      {{"bcachefs"},
       " spreads over several disks in a way that this version does not know",
       a_local_disk},
      {{"fuse", "fuseblk"},
       " does its I/O in a process of its own, which no container's limit reaches",
       a_local_disk,
       true},
  };
  return kinds;
}

bool is_in(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder) || path.size() == folder.size()) return false;
  return folder == "/" || path[folder.size()] == '/';
}

const Mount* find_parent(const std::vector<Mount>& mounts, const Mount& mount) {
  const auto is_parent = [&mount](const Mount& one) {
    return one.id == mount.parent && one.id != mount.id;
  };
  const auto parent = std::ranges::find_if(mounts, is_parent);
  return parent == mounts.end() ? nullptr : &*parent;
}

// Whether another mount covers a folder above the mount point, so that no path leads to the mount.
bool is_hidden(const std::vector<Mount>& mounts, const Mount& mount) {
  const Mount* one = &mount;
  for (std::size_t steps = 0; one != nullptr && steps < mounts.size(); ++steps) {
    const auto hides = [one](const Mount& other) {
      return other.parent == one->parent && is_in(one->mount_point, other.mount_point) &&
             other.id != other.parent;
    };
    if (std::ranges::any_of(mounts, hides)) return true;
    one = find_parent(mounts, *one);
  }
  return false;
}

const RefusedKind* refused_kind(std::string_view file_system) {
  const std::string_view name = file_system.starts_with("fuse.") ? "fuse" : file_system;
  for (const RefusedKind& kind : refused_kinds()) {
    for (const std::string_view one : kind.names) {
      if (one == name) return &kind;
    }
  }
  return nullptr;
}

}  // namespace

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty()) {
    if (auto mount = parse_line(take_token(text, '\n'))) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

std::optional<Mount> find_mount(const std::vector<Mount>& mounts, std::string_view mount_point) {
  // A later mount covers an earlier one, but the list is not always in that order: it does not
  // change when a mount is moved, or when propagation tucks a mount beneath another
  // (attach_recursive_mnt() in fs/namespace.c).
  std::set<unsigned> covered;
  for (const Mount& one : mounts) {
    if (one.mount_point == mount_point && one.parent != one.id) covered.insert(one.parent);
  }
  const Mount* found = nullptr;
  bool found_top = false;
  for (const Mount& one : mounts) {
    const bool top = covered.count(one.id) == 0;
    if (one.mount_point != mount_point || (found_top && !top) || is_hidden(mounts, one)) continue;
    found = &one;
    found_top = top;
  }
  return found == nullptr ? std::nullopt : std::make_optional(*found);
}

std::optional<Mount> holding_mount(const std::vector<Mount>& mounts, std::string_view path) {
  while (path.size() > 1) {
    if (auto mount = find_mount(mounts, path)) return mount;
    const std::size_t slash = path.rfind('/');
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return find_mount(mounts, "/");
}

bool may_hang(const Mount& mount) {
  if (mount.file_system == "autofs") return true;
  const RefusedKind* kind = refused_kind(mount.file_system);
  return kind != nullptr && kind->waits;
}

std::string refused_file_system(const Mount& mount) {
  static const RefusedKind no_device = {{}, " has no block device", a_local_disk};
  const RefusedKind* kind = refused_kind(mount.file_system);
  // btrfs always has an anonymous number, even on a block device.
  const bool hidden = mount.devnum.major == 0 && mount.file_system != "btrfs";
  if (kind == nullptr && hidden) kind = &no_device;
  if (kind == nullptr) return "";
  return mount.file_system + std::string(kind->why) + "; " + std::string(kind->instead);
}

}  // namespace iopslimit
