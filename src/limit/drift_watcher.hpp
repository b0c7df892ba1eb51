// SPDX-License-Identifier: Apache-2.0
// inotify on the directories of cgroups that hold a rule: tells when somebody writes a limit file,
// or takes it away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "loop/file.hpp"

namespace iopslimit {

/// A write to a cgroup's file raises IN_MODIFY in its directory, our own writes too: what is told
/// here must be compared with what should be. On v2 a limit file goes, with every limit in it, when
/// somebody takes the io controller out of the parent's cgroup.subtree_control, and comes back
/// empty with it; neither raises an event in the cgroup's directory, so that file is watched too.
/// systemd takes it from a slice below which it knows no unit that needs it, at controller-reload
/// for one (cg_enable_everywhere(), src/shared/cgroup-setup.c). Removal of a cgroup raises nothing:
/// forget() does it.
class DriftWatcher {
 public:
  /// `root`: where the hierarchy is mounted. `most`: how many directories may be watched, so that
  /// enough is left for finding containers. `warn` gets one text when that is not enough.
  /// Throws std::system_error.
  DriftWatcher(std::string root, std::size_t most, std::function<void(const std::string&)> warn);

  int fd() const { return inotify_.fd(); }
  /// Cgroups whose limit files were written, or may have gone, as read_inotify() has them; `lost`:
  /// and perhaps others, because the queue ran over. Throws std::system_error when inotify itself
  /// fails.
  struct Written {
    std::set<std::string> cgroups;
    bool lost = false;
  };
  Written read_events();

  /// Watches a cgroup ("/kubepods/..."), or the new one in the place of one that was watched. True:
  /// from now on, and what was written before was not told.
  bool follow(const std::string& cgroup);
  void forget(const std::string& cgroup);
  /// Forgets every cgroup that is not `wanted` any more.
  void forget_unless(const std::function<bool(const std::string& cgroup)>& wanted);

  std::size_t watch_count() const { return watches_.size(); }

 private:
  bool add(const std::string& path, std::uint32_t mask);
  void drop(const std::string& path);
  void each_beside(const std::string& path,
                   const std::function<bool(const std::string& cgroup)>& see) const;
  void warn_once();

  std::string root_;
  std::size_t most_;
  std::function<void(const std::string&)> warn_;
  bool warned_ = false;
  bool has_controllers_;  // v2
  File inotify_;
  using Watches = std::map<std::string, int>;  // cgroup, or one's cgroup.subtree_control, to watch
  Watches watches_;
  std::unordered_map<int, Watches::iterator> names_;  // watch to its place in watches_
};

/// A quarter of what this user may watch (fs.inotify.max_user_watches, proc_sys_fs(5)).
std::size_t watches_to_spare();

}  // namespace iopslimit
