// SPDX-License-Identifier: Apache-2.0
#include "limit/drift_watcher.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <charconv>
#include <utility>

#include "loop/file.hpp"

namespace iopslimit {
namespace {

constexpr std::string_view controllers = "/cgroup.subtree_control";

std::string controllers_above(const std::string& cgroup) {
  return cgroup.substr(0, cgroup.rfind('/')).append(controllers);
}

bool holds_limits(std::string_view file) {
  return file == "io.max" || file.starts_with("blkio.throttle.");
}

}  // namespace

DriftWatcher::DriftWatcher(Inotify& inotify, std::string root, std::size_t most,
                           std::function<void(const std::string&)> warn)
    : inotify_(inotify),
      root_(std::move(root)),
      most_(most),
      warn_(std::move(warn)),
      has_controllers_(access((root_ + std::string(controllers)).c_str(), F_OK) == 0) {}

void DriftWatcher::handle(int descriptor, std::uint32_t mask, std::string_view name,
                          Written& written) {
  if ((mask & IN_Q_OVERFLOW) != 0) written.lost = true;
  const auto watched = names_.find(descriptor);
  if (watched == names_.end()) return;
  if ((mask & IN_IGNORED) != 0) {
    watches_.erase(watched->second);
    names_.erase(watched);
  } else if (holds_limits(name)) {
    written.cgroups.insert(watched->second->first);
  } else if (name.empty()) {  // the cgroup.subtree_control itself is watched
    each_beside(watched->second->first, [&](const std::string& cgroup) {
      written.cgroups.insert(cgroup);
      return true;
    });
  }
}

bool DriftWatcher::follow(const SharedText& cgroup) {
  if (watches_.size() >= most_ && !watches_.contains(cgroup)) {
    warn_once();
    return false;
  }
  if (!add(cgroup, IN_MODIFY | IN_ONLYDIR | IN_DONT_FOLLOW)) return false;
  if (has_controllers_) add(controllers_above(cgroup), IN_MODIFY | IN_DONT_FOLLOW);
  return true;
}

bool DriftWatcher::add(const SharedText& path, std::uint32_t mask) {
  const int watch = inotify_.watch(root_ + path, mask);
  const auto old = watches_.find(path);
  if (old != watches_.end() && old->second == watch) return false;
  drop(path);
  if (watch < 0) return false;  // gone: TreeWatcher reports its removal
  names_[watch] = watches_.emplace(path, watch).first;
  return true;
}

void DriftWatcher::warn_once() {
  all_watched_ = false;
  if (std::exchange(warned_, true)) return;
  warn_(
      "not every limit is watched for changes by others, inotify has no watch to spare: a check "
      "finds them ([service] check_interval, or every 30 seconds if that is 0); to have more: "
      "sysctl fs.inotify.max_user_watches=65536");
}

void DriftWatcher::forget(const std::string& cgroup) {
  drop(cgroup);
  if (!has_controllers_) return;
  bool last = true;
  each_beside(cgroup, [&last](const std::string&) { return last = false; });
  if (last) drop(controllers_above(cgroup));
}

void DriftWatcher::drop(const std::string& path) {
  const auto watch = watches_.find(path);
  if (watch == watches_.end()) return;
  inotify_.unwatch(watch->second);
  names_.erase(watch->second);
  watches_.erase(watch);
}

// Passes the watched cgroups with the same parent to `see`, until it returns false. Cgroups inside
// them are left out: the kernel does not remove a controller from a parent while a child passes it
// down (cgroup_subtree_control_write(), kernel/cgroup/cgroup.c), and a runtime writes to every
// level for each container.
void DriftWatcher::each_beside(const std::string& path,
                               const std::function<bool(const std::string&)>& see) const {
  const std::string inside = path.substr(0, path.rfind('/') + 1);
  for (auto watch = watches_.lower_bound(inside);
       watch != watches_.end() && watch->first.str().starts_with(inside); ++watch) {
    const std::string& other = watch->first;
    if (other.rfind('/') + 1 != inside.size() || other.ends_with(controllers)) continue;
    if (!see(other)) return;
  }
}

void DriftWatcher::forget_unless(const std::function<bool(const std::string&)>& wanted) {
  all_watched_ = true;  // until one of the next follow() has no watch
  std::set<std::string> unwanted;
  for (const auto& watch : watches_) {
    if (!watch.first.str().ends_with(controllers) && !wanted(watch.first))
      unwanted.insert(watch.first);
  }
  for (const std::string& cgroup : unwanted) forget(cgroup);
}

std::size_t watches_to_spare() {
  constexpr std::size_t least = 1024;
  std::size_t most = 0;
  if (const auto text = read_file("/proc/sys/fs/inotify/max_user_watches", 4096))
    std::from_chars(text->data(), text->data() + text->size(), most);
  return most == 0 ? least : most / 4;
}

}  // namespace iopslimit
