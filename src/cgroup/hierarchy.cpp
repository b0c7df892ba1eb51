// SPDX-License-Identifier: Apache-2.0
#include "cgroup/hierarchy.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroup/control_file.hpp"
#include "disk/mountinfo.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t max_mountinfo = 64U << 20;

// Whether `word` is one of the words in `list`, which `separator` separates.
bool has_word(std::string list, const std::string& word, char separator) {
  while (!list.empty() && (list.back() == '\n' || list.back() == separator)) list.pop_back();
  list.insert(list.begin(), separator);
  list.push_back(separator);
  return list.find(separator + word + separator) != std::string::npos;
}

// Returns how many directories the mounted one is above the root of the reader's cgroup namespace:
// 0 for "/", 2 for "/../.." (the host's hierarchy seen in a container); nothing for a directory of
// another branch, which is a part of the hierarchy (cgroup_show_path(), kernel/cgroup/cgroup.c).
std::optional<std::size_t> height(std::string_view root) {
  constexpr std::string_view up = "/..";
  if (root == "/") return 0;
  std::size_t count = 0;
  for (; root.starts_with(up); ++count) root.remove_prefix(up.size());
  return root.empty() ? std::optional(count) : std::nullopt;
}

// 0 at the usual place, 1 below it, 2 elsewhere.
int distance(const std::string& mount_point, const std::string& usual) {
  if (mount_point == usual) return 0;
  return mount_point.starts_with(usual + "/") ? 1 : 2;
}

// Returns why the mount does not serve; empty if it does.
std::string why_not(const std::vector<Mount>& mounts, const Mount& mount) {
  if (find_mount(mounts, mount.mount_point) != mount)
    return "something is mounted over " + mount.mount_point;
  if (!height(mount.root))
    return mount.mount_point + " shows only " + mount.root + ", a part of the hierarchy";
  return "";
}

// The mounts of one kind of hierarchy, the best first.
struct Candidates {
  std::vector<Mount> mounts;
  std::vector<std::string> rejected;  // why the others do not serve
};

template <class IsOne>
Candidates candidates(const std::vector<Mount>& mounts, const std::string& usual,
                      const IsOne& is_one) {
  Candidates found;
  for (const Mount& mount : mounts) {
    if (!is_one(mount)) continue;
    const std::string why = why_not(mounts, mount);
    if (why.empty()) {
      found.mounts.push_back(mount);
    } else if (std::ranges::find(found.rejected, why) == found.rejected.end()) {
      found.rejected.push_back(why);
    }
  }
  std::ranges::stable_sort(found.mounts, {}, [&usual](const Mount& mount) {
    return std::pair(-static_cast<long>(*height(mount.root)), distance(mount.mount_point, usual));
  });
  return found;
}

bool is_v2(const Mount& mount) {
  return mount.file_system == "cgroup2";
}

bool is_blkio(const Mount& mount) {
  return mount.file_system == "cgroup" && has_word(mount.super_options, "blkio", ',');
}

bool has_io_controller(const Mount& mount) {
  const auto controllers = read_file(mount.mount_point + "/cgroup.controllers", max_mountinfo);
  return controllers && has_word(*controllers, "io", ' ');
}

[[noreturn]] void not_found(CgroupVersion wanted, const std::vector<std::string>& rejected) {
  std::string text =
      wanted == CgroupVersion::v2
          ? "[cgroup] version = v2, but no cgroup2 hierarchy here has the io controller (see "
            "cgroup.controllers in its root); use 'auto', or boot with "
            "systemd.unified_cgroup_hierarchy=1"
      : wanted == CgroupVersion::v1
          ? "[cgroup] version = v1, but no v1 hierarchy with the blkio controller is mounted; use "
            "'auto'"
          : "neither a cgroup2 hierarchy with the io controller nor a v1 hierarchy with blkio is "
            "mounted: the kernel cannot limit disk I/O here";
  for (const std::string& why : rejected) text += "; " + why;
  if (!rejected.empty()) text += "; unmount what is in the way of /sys/fs/cgroup";
  throw std::runtime_error(text);
}

}  // namespace

std::string to_string(const Hierarchy& tree) {
  return (tree.version == CgroupVersion::v2 ? "cgroup v2 at " : "cgroup v1 at ") + tree.root;
}

Hierarchy find_hierarchy(CgroupVersion wanted, const std::string& mountinfo,
                         const std::string& usual) {
  const auto text = read_file(mountinfo, max_mountinfo);
  if (!text) throw std::system_error(text.error(), "cannot read " + mountinfo);
  const auto mounts = parse_mountinfo(*text);
  std::vector<std::string> rejected;
  if (wanted != CgroupVersion::v1) {
    Candidates found = candidates(mounts, usual, is_v2);
    const auto whole = std::ranges::find_if(found.mounts, has_io_controller);
    if (whole != found.mounts.end()) return {CgroupVersion::v2, whole->mount_point};
    rejected = std::move(found.rejected);
  }
  if (wanted != CgroupVersion::v2) {
    const Candidates found = candidates(mounts, usual, is_blkio);
    if (!found.mounts.empty()) return {CgroupVersion::v1, found.mounts.front().mount_point};
    rejected.insert(rejected.end(), found.rejected.begin(), found.rejected.end());
  }
  not_found(wanted, rejected);
}

HeldHierarchy::HeldHierarchy(Hierarchy mounted)
    : mounted_(std::move(mounted)),
      root_(open_hierarchy(mounted_.root)),
      reached_{mounted_.version, "/proc/self/fd/" + std::to_string(root_.fd())} {}

// The descriptor keeps the file system alive, so no other one can have its number.
std::string HeldHierarchy::problem() const {
  struct stat held {};
  struct stat found {};
  if (fstat(root_.fd(), &held) != 0 || stat(mounted_.root.c_str(), &found) != 0)
    return mounted_.root + " cannot be looked up (" + last_error().message() + ")";
  if (held.st_dev == found.st_dev && held.st_ino == found.st_ino) return "";
  return mounted_.root +
         " no longer leads to the cgroup hierarchy: something is mounted over it, or it was "
         "unmounted";
}

}  // namespace iopslimit
