// SPDX-License-Identifier: Apache-2.0
#include "cgroup/tree_walk.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "loop/file.hpp"

namespace iopslimit {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_folder(const std::string& path, std::error_code& error) {
  File file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, error);
  if (!file) return nullptr;
  Folder folder(fdopendir(file.fd()));
  if (!folder) error = last_error();
  if (folder) file.release();
  return folder;
}

bool is_gone(std::error_code error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory ||
         error == std::errc::no_such_device;
}

}  // namespace

std::string child_of(std::string_view cgroup, std::string_view name) {
  if (cgroup == "/") cgroup = {};
  std::string child;
  child.reserve(cgroup.size() + 1 + name.size());
  child.append(cgroup).append("/").append(name);
  return child;
}

void TreeWalk::visit(ContainerPath path) const {
  if (path.kind == CgroupKind::elsewhere) return;
  const bool container = path.kind == CgroupKind::container;
  const bool entered =
      !container || (options_.process_leaves && path.leaf == ProcessLeaf::possible);
  const std::string cgroup = entered ? path.cgroup : std::string();
  if (container || path.kind == CgroupKind::pod || path.kind == CgroupKind::kubepods)
    visitor_.found(std::move(path));
  if (!entered) return;
  visitor_.enter(cgroup);
  list(cgroup);
}

void TreeWalk::list(const std::string& cgroup) const {
  std::error_code error;
  const Folder folder = open_folder(root_ + cgroup, error);
  while (folder) {
    errno = 0;
    const dirent* entry = readdir(folder.get());
    if (entry == nullptr) {
      if (errno != 0) error = last_error();
      break;
    }
    if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      visit(parse_cgroup(child_of(cgroup, entry->d_name), options_.standalone));
  }
  if (error && !is_gone(error)) visitor_.unreadable(cgroup, error);
}

std::vector<ContainerPath> list_containers(const std::string& root, WatchOptions options) {
  std::vector<ContainerPath> containers;
  const auto found = [&containers](ContainerPath path) {
    if (path.kind == CgroupKind::container) containers.push_back(std::move(path));
  };
  TreeWalk(root, options,
           {.found = found,
            .enter = [](const std::string&) {},
            .unreadable = [](const std::string&, std::error_code) {}})
      .list("/");
  return containers;
}

}  // namespace iopslimit
