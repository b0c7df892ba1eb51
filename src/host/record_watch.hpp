// SPDX-License-Identifier: Apache-2.0
// inotify on the folders of the runtimes' records, for containers whose record was not there when
// their cgroup appeared.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/container.hpp"
#include "host/file.hpp"

namespace iopslimit {

/// Holds watches only while a container is awaited. A folder that does not exist yet is not
/// watched: the safety net reads again.
class RecordWatch {
 public:
  /// `ready`: the container's record was made or written; it may be complete now.
  explicit RecordWatch(std::function<void(const ContainerPath&)> ready);

  int fd() const { return inotify_.fd(); }
  /// Throws std::system_error when inotify itself fails.
  void read_events();

  /// Wakes for this container's record in any of `folders` (ContainerRecord::folders()). Read the
  /// record once more after this: it may have been written just before.
  void await(const ContainerPath& container, const std::vector<std::string>& folders);
  /// The record was read, or the container is gone. Nothing happens when it was not awaited.
  void forget(const std::string& cgroup);
  /// Forgets every container whose cgroup is not `known` any more: its end may have gone unheard.
  void forget_unless(const std::function<bool(const std::string& cgroup)>& known);

  std::size_t awaited() const { return awaited_.size(); }

 private:
  struct Awaited {
    ContainerPath container;
    std::vector<int> bundles;  // watches on its folder, one for each state folder that has it
  };

  void handle(int descriptor, const std::string& name);
  void watch_bundle(Awaited& awaited, const std::string& folder);
  void unwatch_folders();

  std::function<void(const ContainerPath&)> ready_;
  File inotify_;
  std::map<std::string, Awaited> awaited_;           // by container id
  std::unordered_map<int, std::string> folders_;     // watch to folder
  std::unordered_map<int, std::string> bundle_ids_;  // watch to container id
};

}  // namespace iopslimit
