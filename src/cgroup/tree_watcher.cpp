// SPDX-License-Identifier: Apache-2.0
#include "cgroup/tree_watcher.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "loop/inotify.hpp"

namespace iopslimit {
namespace {

constexpr std::uint32_t directory_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                         IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;

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

std::string child_of(const std::string& cgroup, std::string_view name) {
  std::string child = cgroup == "/" ? std::string() : cgroup;
  child += '/';
  child += name;
  return child;
}

}  // namespace

TreeWatcher::TreeWatcher(std::string root, WatchOptions options, Handlers handlers)
    : root_(std::move(root)),
      options_(options),
      handlers_(std::move(handlers)),
      inotify_(open_inotify()) {}

void TreeWatcher::read_events() {
  read_inotify(inotify_.fd(), [this](int descriptor, std::uint32_t mask, std::string_view name) {
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
  if (const auto controller = controllers_.find(descriptor); controller != controllers_.end()) {
    const std::string parent = std::move(controller->second);
    controllers_.erase(controller);
    inotify_rm_watch(inotify_.fd(), descriptor);
    if ((mask & IN_IGNORED) == 0) list(parent, handlers_.appeared);
    return;
  }
  const auto parent = names_.find(descriptor);
  if (parent == names_.end() || (mask & IN_ISDIR) == 0 || name.empty()) return;
  const std::string cgroup = child_of(parent->second, name);
  const CgroupKind kind = kind_of(cgroup, options_.standalone);
  if (kind == CgroupKind::elsewhere) return;
  if ((mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
    unwatch_below(cgroup);
    handlers_.vanished(cgroup);
    // A static pod keeps its uid: the same path may exist again by now, and its IN_CREATE may have
    // been lost with the watch that was just removed.
    if (!is_there(cgroup)) return;
  }
  meet(cgroup, kind, handlers_.appeared);
}

bool TreeWatcher::is_there(const std::string& cgroup) const {
  return access((root_ + cgroup).c_str(), F_OK) == 0;
}

// Reports a directory before the directories inside it, so that a pod's limit comes before those of
// its containers.
void TreeWatcher::meet(const std::string& cgroup, CgroupKind kind, const Emit& emit) {
  const bool container = kind == CgroupKind::container;
  if (container || kind == CgroupKind::pod || kind == CgroupKind::kubepods) emit({cgroup, kind});
  if (!container || (options_.process_leaves && may_hold_process_leaf(cgroup, options_.standalone)))
    watch_and_list(cgroup, emit);
}

// Watches a directory, then lists it. The start, a new directory, an overflow and the periodic
// check all use this function.
void TreeWatcher::watch_and_list(const std::string& cgroup, const Emit& emit) {
  watch(cgroup);
  list(cgroup, emit);
}

bool TreeWatcher::watch(const std::string& cgroup) {
  const int descriptor = inotify_add_watch(inotify_.fd(), (root_ + cgroup).c_str(), directory_mask);
  if (descriptor < 0) {
    if (errno == ENOSPC) {
      warn_once(
          "no inotify watch is left on this node: new containers of some pods are found by the "
          "safety net "
          "only ([service] check_interval); raise the limit with: sysctl "
          "fs.inotify.max_user_watches=65536");
    }
    return false;
  }
  Watched& watched = watched_[cgroup];
  // A different descriptor means that a new directory has the same name: the old one's watch is
  // useless.
  if (watched.descriptor != descriptor) unwatch(cgroup, watched.descriptor);
  watched = {descriptor, scans_};
  names_[descriptor] = cgroup;
  return true;
}

void TreeWatcher::list(const std::string& cgroup, const Emit& emit) {
  std::error_code error;
  const Folder folder = open_folder(root_ + cgroup, error);
  while (folder) {
    errno = 0;
    const dirent* entry = readdir(folder.get());
    if (entry == nullptr) {
      if (errno != 0) error = last_error();
      break;
    }
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    const std::string child = child_of(cgroup, entry->d_name);
    const CgroupKind kind = kind_of(child, options_.standalone);
    if (kind != CgroupKind::elsewhere) meet(child, kind, emit);
  }
  if (!error || is_gone(error)) return;  // gone: its parent's IN_DELETE or the next scan forgets it
  whole_ = false;
  warn_once("cannot read the cgroup directory " + root_ + cgroup + ": " + error.message() +
            "; what is limited in it stays so, new containers there wait for the next check");
}

std::vector<TreeWatcher::Seen> TreeWatcher::scan() {
  std::vector<Seen> seen;
  ++scans_;
  lost_ = false;
  whole_ = true;
  watch_and_list("/", [&seen](Seen one) { seen.push_back(std::move(one)); });
  if (whole_) unwatch_unseen();
  return seen;
}

void TreeWatcher::unwatch_unseen() {
  std::vector<std::string> gone;
  for (const auto& entry : watched_) {
    if (entry.second.scan != scans_) gone.push_back(entry.first);
  }
  for (const std::string& cgroup : gone) unwatch_below(cgroup);
}

// A renamed directory (v1 allows it) keeps its watch, which then belongs to the new name.
void TreeWatcher::unwatch(const std::string& cgroup, int descriptor) {
  const auto name = names_.find(descriptor);
  if (name == names_.end() || name->second != cgroup) return;
  inotify_rm_watch(inotify_.fd(), descriptor);
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
  while (entry != watched_.end() && entry->first.starts_with(inside)) entry = drop(entry);
  for (auto file = controllers_.begin(); file != controllers_.end();) {
    const bool below = file->second == cgroup || file->second.starts_with(inside);
    if (below) inotify_rm_watch(inotify_.fd(), file->first);
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
  const int descriptor = inotify_add_watch(inotify_.fd(), path.c_str(), IN_MODIFY | IN_DONT_FOLLOW);
  if (descriptor >= 0) controllers_[descriptor] = parent;
}

void TreeWatcher::warn_once(const std::string& text) {
  if (std::ranges::find(warnings_, text) != warnings_.end()) return;
  warnings_.push_back(text);
  handlers_.warn(text);
}

}  // namespace iopslimit
