// SPDX-License-Identifier: Apache-2.0
#include "cgroup/hierarchy.hpp"

#include <fcntl.h>

#include <optional>
#include <stdexcept>

#include "disk/mountinfo.hpp"
#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr std::size_t max_mountinfo = 64U << 20;

std::string read_text(const std::string& path, std::error_code& error) {
  std::string text;
  const File file = open_at(AT_FDCWD, path.c_str(), O_RDONLY, error);
  if (!error) error = read_whole(file.fd(), max_mountinfo, text);
  return text;
}

// Whether `word` is one of the words in `list`, which `separator` separates.
bool has_word(std::string list, const std::string& word, char separator) {
  while (!list.empty() && (list.back() == '\n' || list.back() == separator)) list.pop_back();
  list.insert(list.begin(), separator);
  list.push_back(separator);
  return list.find(separator + word + separator) != std::string::npos;
}

std::optional<Hierarchy> find_v2(const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    if (mount.file_system != "cgroup2") continue;
    std::error_code error;
    const auto controllers = read_text(mount.mount_point + "/cgroup.controllers", error);
    if (!error && has_word(controllers, "io", ' ')) return {{CgroupVersion::v2, mount.mount_point}};
  }
  return std::nullopt;
}

std::optional<Hierarchy> find_v1(const std::vector<Mount>& mounts) {
  for (const Mount& mount : mounts) {
    if (mount.file_system == "cgroup" && has_word(mount.super_options, "blkio", ',')) {
      return {{CgroupVersion::v1, mount.mount_point}};
    }
  }
  return std::nullopt;
}

}  // namespace

Hierarchy find_hierarchy(CgroupVersion wanted, const std::string& mountinfo) {
  std::error_code error;
  const auto mounts = parse_mountinfo(read_text(mountinfo, error));
  if (error) throw std::system_error(error, "cannot read " + mountinfo);
  std::optional<Hierarchy> tree;
  if (wanted != CgroupVersion::v1) tree = find_v2(mounts);
  if (!tree && wanted != CgroupVersion::v2) tree = find_v1(mounts);
  if (tree) return *tree;
  if (wanted == CgroupVersion::v2) {
    throw std::runtime_error(
        "[cgroup] version = v2, but no cgroup2 hierarchy here has the io controller (see "
        "cgroup.controllers in its "
        "root); use 'auto', or boot with systemd.unified_cgroup_hierarchy=1");
  }
  if (wanted == CgroupVersion::v1) {
    throw std::runtime_error(
        "[cgroup] version = v1, but no v1 hierarchy with the blkio controller is mounted; use "
        "'auto'");
  }
  throw std::runtime_error(
      "neither a cgroup2 hierarchy with the io controller nor a v1 hierarchy with blkio is "
      "mounted: the kernel "
      "cannot limit disk I/O here");
}

}  // namespace iopslimit
