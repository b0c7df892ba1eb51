// SPDX-License-Identifier: Apache-2.0
#include "cgroup/tree_watcher.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::uint32_t directory_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                         IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;

constexpr std::size_t usual_watches = 512;

struct Directory {
  std::string mount;  // since Linux 5.8 the mount itself, before that its file system; or empty
  bool has_children = true;
};

// What is at the path. A directory has a link for each of its subdirectories
// (kernfs_refresh_inode(), fs/kernfs/inode.c).
Directory look_at(const std::string& path) {
  constexpr unsigned without_children = 2;
  struct statx status {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_MNT_ID | STATX_NLINK, &status) != 0) return {};
  const bool has_children = status.stx_nlink != without_children;
  if ((status.stx_mask & STATX_MNT_ID) != 0)
    return {"mount " + std::to_string(status.stx_mnt_id), has_children};
  return {std::to_string(status.stx_dev_major) + ":" + std::to_string(status.stx_dev_minor),
          has_children};
}

}  // namespace

TreeWatcher::TreeWatcher(std::string root, WatchOptions options, Handlers handlers)
    : root_(root),
      handlers_(std::move(handlers)),
      walk_(std::move(root), options,
            {.found = [this](ContainerPath path) { found(std::move(path)); },
             .enter = [this](const SharedText& cgroup) { return enter(cgroup); },
             .unreadable =
                 [this](const std::string& cgroup, std::error_code error) {
                   unreadable(cgroup, "cannot read the cgroup directory " + cgroup + ": " +
                                          error.message());
                 }}),
      mount_(look_at(root_ + "/").mount) {
  names_.reserve(usual_watches);
}

void TreeWatcher::read_events() {
  inotify_.read([this](int descriptor, std::uint32_t mask, std::string_view name) {
    handle(descriptor, mask, name);
  });
  if (std::exchange(lost_, false)) handlers_.lost();
}

void TreeWatcher::handle(int descriptor, std::uint32_t mask, std::string_view name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    lost_ = true;
    warn_once(
        "the kernel dropped cgroup events (fs.inotify.max_queued_events is too low for this node); "
        "the "
        "whole tree is read again each time");
    return;
  }
  if (is_of_a_controller(descriptor, mask)) return;
  const auto parent = names_.find(descriptor);
  if (parent == names_.end() || (mask & IN_ISDIR) == 0 || name.empty()) return;
  ContainerPath path = parse_cgroup(child_of(*parent->second, name), walk_.options().standalone);
  if (path.kind == CgroupKind::elsewhere) return;
  if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    unwatch_below(path.cgroup);
    handlers_.vanished(path);
    if (path.kind == CgroupKind::kubepods) has_pods_ = false;
    // A static pod keeps its uid: the same path may exist again by now, and its IN_CREATE may have
    // been lost with the watch that was just removed.
    if (!is_there(path.cgroup)) return;
  }
  walk_.visit(std::move(path));
}

// Whether the watch is one of await_controller(): then its siblings may have limit files now.
bool TreeWatcher::is_of_a_controller(int descriptor, std::uint32_t mask) {
  const auto controller = controllers_.find(descriptor);
  if (controller == controllers_.end()) return false;
  const std::string parent = std::move(controller->second);
  controllers_.erase(controller);
  inotify_.unwatch(descriptor);
  if ((mask & IN_IGNORED) == 0) walk_.list(parent);
  return true;
}

bool TreeWatcher::is_there(const std::string& cgroup) const {
  return access((root_ + cgroup).c_str(), F_OK) == 0;
}

void TreeWatcher::found(ContainerPath path) {
  if (scanned_ == nullptr) return handlers_.appeared(std::move(path));
  scanned_->push_back(std::move(path));
}

// What is limited in it stays so: scan_was_whole() is false.
void TreeWatcher::unreadable(const std::string& cgroup, const std::string& why) {
  whole_ = false;
  if (!problem_.empty()) return;
  problem_ = why + "; what is limited in " + cgroup +
             " stays so, new containers there are found by a scan every second";
}

// Something mounted over a directory shows another one in its place, be it of the same hierarchy.
bool TreeWatcher::enter(const SharedText& cgroup) {
  watch(cgroup);
  if (scanned_ == nullptr) return true;
  const Directory directory = look_at(root_ + cgroup);
  if (!directory.mount.empty() && directory.mount != mount_)
    unreadable(cgroup, "something is mounted over the cgroup " + cgroup);
  return directory.has_children;
}

void TreeWatcher::watch(const SharedText& cgroup) {
  const int descriptor = inotify_.watch(root_ + cgroup, directory_mask);
  if (descriptor < 0) return;
  const auto entry = watched_.try_emplace(cgroup).first;
  Watched& watched = entry->second;
  // A different descriptor means that a new directory has the same name: the old one's watch is
  // useless.
  if (watched.descriptor != descriptor) unwatch(cgroup, watched.descriptor);
  watched = {descriptor, scans_};
  names_[descriptor] = &entry->first;
}

std::vector<ContainerPath> TreeWatcher::scan() {
  std::vector<ContainerPath> all;
  ++scans_;
  lost_ = false;
  whole_ = true;
  problem_.clear();
  inotify_.retry();
  scanned_ = &all;
  watch("/");
  walk_.list("/");
  scanned_ = nullptr;
  doubt_emptiness(all);
  if (whole_) unwatch_unseen();
  return all;
}

// Somebody may reset a node, and its events may be lost; but to find everything gone at once is
// so unlikely that a second scan must confirm it.
void TreeWatcher::doubt_emptiness(const std::vector<ContainerPath>& all) {
  if (!whole_) return;
  const bool had_pods =
      std::exchange(has_pods_, std::ranges::any_of(all, [](const ContainerPath& path) {
                      return path.kind == CgroupKind::kubepods || path.kind == CgroupKind::pod;
                    }));
  if (has_pods_ || !had_pods) return;
  unreadable("/", "kubepods and all pods are gone from the cgroup hierarchy at once");
}

std::string TreeWatcher::problem() const {
  if (inotify_.failure().empty()) return problem_;
  return inotify_.failure() + "; until then new containers are found by a scan every second";
}

void TreeWatcher::unwatch_unseen() {
  std::vector<SharedText> gone;
  for (const auto& entry : watched_) {
    if (entry.second.scan != scans_) gone.push_back(entry.first);
  }
  for (const SharedText& cgroup : gone) unwatch_below(cgroup);
}

// A renamed directory (v1 allows it) keeps its watch, which then belongs to the new name.
void TreeWatcher::unwatch(const std::string& cgroup, int descriptor) {
  const auto name = names_.find(descriptor);
  if (name == names_.end() || *name->second != cgroup) return;
  inotify_.unwatch(descriptor);
  names_.erase(name);
}

// When a directory is removed, everything below it is removed too.
void TreeWatcher::unwatch_below(const std::string& cgroup) {
  const std::string inside = cgroup + "/";
  const auto drop = [this](auto entry) {
    unwatch(entry->first, entry->second.descriptor);
    return watched_.erase(entry);
  };
  if (const auto self = watched_.find(cgroup); self != watched_.end()) drop(self);
  auto entry = watched_.lower_bound(inside);
  while (entry != watched_.end() && entry->first.str().starts_with(inside)) entry = drop(entry);
  for (auto file = controllers_.begin(); file != controllers_.end();) {
    const bool below = file->second == cgroup || file->second.starts_with(inside);
    if (below) inotify_.unwatch(file->first);
    file = below ? controllers_.erase(file) : std::next(file);
  }
}

// IN_ONESHOT is not used because the kernel ends such a watch after it has reported the event: a
// caller that adds the watch again in between gets the watch that is about to end
// (inotify_handle_inode_event(), fs/notify/inotify/inotify_fsnotify.c). A shell's "echo +io >"
// raises two events; the first comes when the shell empties the file.
void TreeWatcher::await_controller(const std::string& cgroup) {
  const std::string parent = cgroup.substr(0, cgroup.rfind('/'));
  const std::string path = root_ + parent + "/cgroup.subtree_control";
  const int descriptor = inotify_.watch(path, IN_MODIFY | IN_DONT_FOLLOW);
  if (descriptor >= 0) controllers_[descriptor] = parent;
}

void TreeWatcher::warn_once(const std::string& text) {
  if (std::ranges::find(warnings_, text) != warnings_.end()) return;
  warnings_.push_back(text);
  handlers_.warn(text);
}

}  // namespace iopslimit
