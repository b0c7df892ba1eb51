// SPDX-License-Identifier: Apache-2.0
// Watches the directories of cgroups that hold a rule with inotify, and reports when somebody
// writes or removes a limit file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "loop/inotify.hpp"
#include "loop/shared_text.hpp"

namespace iopslimit {

/// A write to a cgroup's file raises IN_MODIFY in its directory. This service's own writes do so
/// too, so the caller must compare the reported cgroups with the rules that should hold. On v2 a
/// limit file disappears, with every limit in it, when somebody removes the io controller from the
/// parent's cgroup.subtree_control, and returns empty when the controller returns. Neither raises
/// an event in the cgroup's directory, so that cgroup.subtree_control is watched too. systemd
/// removes the controller from a slice if it knows of no unit below that needs it, for example at a
/// daemon-reload (cg_enable_everywhere(), src/shared/cgroup-setup.c). The removal of a cgroup
/// raises no event: the caller must call forget().
class DriftWatcher {
 public:
  /// `inotify` may have other users, none of which watches a cgroup. `root`: a path to the root of
  /// the hierarchy. `most`: how many directories may be watched, so that enough watches are left to
  /// find containers. `warn` receives one text when that is not enough.
  DriftWatcher(Inotify& inotify, std::string root, std::size_t most,
               std::function<void(const std::string&)> warn);

  /// The cgroups whose limit files were written or may have disappeared. `lost`: there may be
  /// others, because the queue overflowed.
  struct Written {
    std::set<std::string> cgroups;
    bool lost = false;
  };
  /// Adds what one event reports. Ignores the events of others (Inotify::read()).
  void handle(int descriptor, std::uint32_t mask, std::string_view name, Written& written);

  /// Watches a cgroup ("/kubepods/..."), or the new cgroup that replaced a watched one of the same
  /// path. True: the watch is new, so earlier writes were not reported.
  bool follow(const SharedText& cgroup);
  void forget(const std::string& cgroup);
  /// Forgets every cgroup for which `wanted` is false.
  void forget_unless(const std::function<bool(const std::string& cgroup)>& wanted);
  /// False when `most` left no watch for some cgroup that was followed since forget_unless().
  bool all_watched() const { return all_watched_; }

  std::size_t watch_count() const { return watches_.size(); }

 private:
  bool add(const SharedText& path, std::uint32_t mask);
  void drop(const std::string& path);
  void each_beside(const std::string& path,
                   const std::function<bool(const std::string& cgroup)>& see) const;
  void warn_once();

  Inotify& inotify_;
  std::string root_;
  std::size_t most_;
  std::function<void(const std::string&)> warn_;
  bool warned_ = false;
  bool all_watched_ = true;
  bool has_controllers_;  // v2
  // A cgroup or a subtree_control, to its watch.
  using Watches = std::map<SharedText, int, std::less<>>;
  Watches watches_;
  std::unordered_map<int, Watches::iterator> names_;  // watch to its entry in watches_
};

/// Returns a quarter of the watches that this user may have (fs.inotify.max_user_watches,
/// proc_sys_fs(5)).
std::size_t watches_to_spare();

}  // namespace iopslimit
