// SPDX-License-Identifier: Apache-2.0
// inotify on the kubelet's part of the cgroup tree, and on what else containers may appear in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cgroup/path.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// What is watched beside the kubelet's tree.
struct WatchOptions {
  Standalone standalone;
  /// v1: a container's child that holds its processes is a container too, so scopes that may have
  /// one (see may_hold_process_leaf()) are watched as well.
  bool process_leaves = false;
};

/// Watches the directories that a kubepods directory, a pod or a container can appear in, and no
/// others: a container's own subtree is never entered, a process leaf apart. One inotify instance,
/// one watch for each directory down to the pods.
class TreeWatcher {
 public:
  struct Seen {
    std::string cgroup;
    CgroupKind kind;  ///< container, pod or kubepods: each before anything that is inside it
  };
  struct Handlers {
    std::function<void(const Seen&)> appeared;                ///< may be told twice
    std::function<void(const std::string& cgroup)> vanished;  ///< any directory, known or not
    std::function<void()>
        lost;  ///< events were lost, or could not be asked for: scan() has the truth
    std::function<void(const std::string& text)> warn;  ///< for the operator; each complaint once
  };

  /// `root`: where the hierarchy is mounted. Nothing is watched before scan(). Throws
  /// std::system_error.
  TreeWatcher(std::string root, WatchOptions options, Handlers handlers);

  /// Becomes readable when read_events() has something to do.
  int fd() const { return inotify_.fd(); }
  /// Hands queued events to the handlers, as read_inotify() does. Throws std::system_error when
  /// inotify itself fails.
  void read_events();

  /// Other places from the next scan() on, which drops the watches that are no longer asked for.
  void set_options(WatchOptions options) { options_ = options; }

  /// Watches first, then lists: everything that is there now, and nothing that comes later is
  /// missed. Also drops the watches of directories that are gone (a removed cgroup directory raises
  /// no IN_IGNORED by itself).
  std::vector<Seen> scan();

  /// False when the cgroup has been removed meanwhile.
  bool is_there(const std::string& cgroup) const;

  /// False when the last scan() could not read a directory that is there.
  bool scan_was_whole() const { return whole_; }

  /// Asks to be told (as `appeared`) about the siblings of `cgroup` when somebody enables a
  /// controller for them: its limit file comes to be without an event of its own.
  void await_controller(const std::string& cgroup);

  std::size_t watch_count() const { return names_.size(); }

 private:
  using Emit = std::function<void(Seen)>;
  struct Watched {
    int descriptor = -1;
    std::uint64_t scan = 0;  // the last scan that saw it
  };

  void handle(int descriptor, std::uint32_t mask, std::string_view name);
  void meet(const std::string& cgroup, CgroupKind kind, const Emit& emit);
  void watch_and_list(const std::string& cgroup, const Emit& emit);
  bool watch(const std::string& cgroup);
  void list(const std::string& cgroup, const Emit& emit);
  void unwatch(const std::string& cgroup, int descriptor);
  void unwatch_below(const std::string& cgroup);
  void unwatch_unseen();
  void warn_once(const std::string& text);

  std::string root_;
  WatchOptions options_;
  Handlers handlers_;
  File inotify_;
  std::map<std::string, Watched, std::less<>> watched_;  // cgroup to watch
  std::unordered_map<int, std::string> names_;           // watch to cgroup
  std::unordered_map<int, std::string>
      controllers_;  // watch on a cgroup.subtree_control to its cgroup
  std::vector<std::string> warnings_;
  std::uint64_t scans_ = 0;
  bool lost_ = false;
  bool whole_ = true;
};

}  // namespace iopslimit
