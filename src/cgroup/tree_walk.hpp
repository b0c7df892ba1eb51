// SPDX-License-Identifier: Apache-2.0
// Walks down the directories of the cgroup tree in which a kubepods directory, a pod or a container
// can appear, and enters no others.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "cgroup/path.hpp"

namespace iopslimit {

/// Which directories are entered in addition to the kubelet's tree.
struct WatchOptions {
  Standalone standalone;
  /// A container's child that holds its processes is a container too, so scopes that may have such
  /// a child (ProcessLeaf::possible) are entered as well. For hierarchies in which a limit does not
  /// hold for the cgroups below.
  bool process_leaves = false;
};

/// Never enters a container's own subtree, except for a process leaf.
class TreeWalk {
 public:
  struct Visitor {
    /// A container, a pod, a kubepods directory, or one that is unfamiliar.
    std::function<void(ContainerPath)> found;
    /// Called before the children of a directory are listed, unless it returns false: there are
    /// none.
    std::function<bool(const SharedText& cgroup)> enter;
    /// A directory that exists cannot be read.
    std::function<void(const std::string& cgroup, std::error_code)> unreadable;
  };

  /// `root`: the mount point of the hierarchy.
  TreeWalk(std::string root, WatchOptions options, Visitor visitor)
      : root_(std::move(root)), options_(options), visitor_(std::move(visitor)) {}

  const WatchOptions& options() const { return options_; }
  /// For the next directories.
  void set_options(WatchOptions options) { options_ = options; }
  /// Visits one directory, then what is inside it: a pod's limit comes before those of its
  /// containers.
  void visit(ContainerPath path) const;
  /// Visits what is inside a directory ("/" for the root).
  void list(const std::string& cgroup) const;

 private:
  void visit_container(ContainerPath path) const;

  std::string root_;
  WatchOptions options_;
  Visitor visitor_;
};

/// Returns the path of a child.
std::string child_of(std::string_view cgroup, std::string_view name);

/// Every container that exists now; unreadable directories are left out.
std::vector<ContainerPath> list_containers(const std::string& root, WatchOptions options);

}  // namespace iopslimit
