// SPDX-License-Identifier: Apache-2.0
#include "cgroup/tree_walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

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

Result<Folder> open_folder(const std::string& path) {
  auto file = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!file) return file.error();
  Folder folder(fdopendir(file->fd()));
  if (!folder) return last_error();
  file->release();
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
  using enum CgroupKind;
  if (path.kind == container) return visit_container(std::move(path));
  if (path.kind == unfamiliar) return visitor_.found(std::move(path));
  if (path.kind == elsewhere) return;
  const SharedText cgroup = path.cgroup;
  if (path.kind == pod || path.kind == kubepods) visitor_.found(std::move(path));
  if (visitor_.enter(cgroup)) list(cgroup);
}

// Nothing in a container but its process leaf concerns the walk.
void TreeWalk::visit_container(ContainerPath path) const {
  if (!options_.process_leaves || path.leaf != ProcessLeaf::possible)
    return visitor_.found(std::move(path));
  const SharedText scope = path.cgroup;
  const std::string leaf = process_leaf_of(path);
  visitor_.found(std::move(path));
  if (visitor_.enter(scope) && access((root_ + leaf).c_str(), F_OK) == 0)
    visit(parse_cgroup(leaf, options_.standalone));
}

void TreeWalk::list(const std::string& cgroup) const {
  const auto folder = open_folder(root_ + cgroup);
  std::error_code error = folder.error();
  while (folder) {
    errno = 0;
    const dirent* entry = readdir(folder->get());
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
            .enter = [](const SharedText&) { return true; },
            .unreadable = [](const std::string&, std::error_code) {}})
      .list("/");
  return containers;
}

}  // namespace iopslimit
