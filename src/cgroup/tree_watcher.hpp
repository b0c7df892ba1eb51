// SPDX-License-Identifier: Apache-2.0
// Watches the kubelet's part of the cgroup tree, and the other directories where containers may
// appear, with inotify.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cgroup/tree_walk.hpp"
#include "loop/inotify.hpp"

namespace iopslimit {

/// Watches the directories in which a kubepods directory, a pod or a container can appear, and no
/// others. It never enters a container's own subtree, except for a process leaf. It uses one
/// inotify instance and one watch for each directory down to the pods.
class TreeWatcher {
 public:
  struct Handlers {
    /// A container, a pod, a kubepods directory or an unfamiliar one, each before anything inside
    /// it. May report the same cgroup twice.
    std::function<void(ContainerPath)> appeared;
    std::function<void(const ContainerPath&)> vanished;  ///< any directory, known or not
    std::function<void()>
        lost;  ///< events were lost, or could not be requested: only scan() knows the current state
    std::function<void(const std::string& text)> warn;  ///< for the operator; each warning once
  };

  /// `root`: a path to the root of the hierarchy. Nothing is watched before scan(). Throws
  /// std::system_error.
  TreeWatcher(std::string root, WatchOptions options, Handlers handlers);

  /// Becomes readable when read_events() has something to do.
  int fd() const { return inotify_.fd(); }
  /// Passes one batch of queued events to the handlers; see read_inotify(). Throws
  /// std::system_error when inotify itself fails.
  void read_events();

  /// Sets the options for the next scan(), which drops the watches that the options no longer
  /// include.
  void set_options(WatchOptions options) { walk_.set_options(options); }

  /// Adds the watches first, then lists the directories: it returns everything that exists now, and
  /// nothing that appears later is missed. It also drops the watches of directories that are gone
  /// (a removed cgroup directory raises no IN_IGNORED by itself).
  std::vector<ContainerPath> scan();

  /// False when the cgroup has been removed meanwhile.
  bool is_there(const std::string& cgroup) const;

  /// False when the last scan() could not read a directory that exists, or when something is
  /// mounted over one, or when it found that everything is gone at once.
  bool scan_was_whole() const { return whole_; }
  /// Says why events do not arrive or directories are not seen; empty when all is well. The caller
  /// then calls scan() every second: only scan() knows the current state, and it tries again.
  std::string problem() const;

  /// Reports the siblings of `cgroup` (through `appeared`) once somebody enables a controller for
  /// them: their limit files then appear without an event of their own.
  void await_controller(const std::string& cgroup);

  const Inotify& inotify() const { return inotify_; }
  std::size_t watch_count() const { return names_.size(); }

 private:
  struct Watched {
    int descriptor = -1;
    std::uint64_t scan = 0;  // the last scan that found it
  };

  void handle(int descriptor, std::uint32_t mask, std::string_view name);
  bool is_of_a_controller(int descriptor, std::uint32_t mask);
  void found(ContainerPath path);
  void unreadable(const std::string& cgroup, const std::string& why);
  bool enter(const SharedText& cgroup);
  void watch(const SharedText& cgroup);
  void unwatch(const std::string& cgroup, int descriptor);
  void unwatch_below(const std::string& cgroup);
  void unwatch_unseen();
  void doubt_emptiness(const std::vector<ContainerPath>& all);
  void warn_once(const std::string& text);

  std::string root_;
  Handlers handlers_;
  TreeWalk walk_;
  std::vector<ContainerPath>* scanned_ = nullptr;  // set during scan(): the result so far
  Inotify inotify_;
  std::string mount_;                                   // that shows the hierarchy
  std::map<SharedText, Watched, std::less<>> watched_;  // cgroup to watch
  std::unordered_map<int, const SharedText*> names_;    // watch to cgroup, a key of watched_
  std::unordered_map<int, std::string>
      controllers_;  // watch on a cgroup.subtree_control to the cgroup of that file
  std::vector<std::string> warnings_;
  std::uint64_t scans_ = 0;
  bool lost_ = false;
  bool whole_ = true;
  bool has_pods_ = false;  // the last scan found some
  std::string problem_;    // of the last scan
};

}  // namespace iopslimit
