// SPDX-License-Identifier: Apache-2.0
// Watches with inotify for the runtimes' records of containers that had no record yet when their
// cgroup appeared.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cgroup/path.hpp"
#include "loop/inotify.hpp"
#include "runtime/source.hpp"

namespace iopslimit {

/// Holds watches only while a container is awaited. For each file it watches the deepest existing
/// folder of its path. It moves the watch down when folders appear and up when they are removed. If
/// even the root is missing it watches nothing; the periodic check reads the record later.
class RecordWatcher {
 public:
  /// `ready` is called when one of the container's files was created (and is not empty), moved into
  /// place or closed after writing. The file may be complete then. The callback may call forget()
  /// and await().
  /// `inotify` may have other users, none of which watches these folders.
  RecordWatcher(Inotify& inotify, std::function<void(const ContainerPath&)> ready);

  /// Ignores the events of others (Inotify::read()).
  void handle(int folder, std::uint32_t mask, std::string_view name);

  /// Waits for any of `files` (Runtimes::awaited_files()); they replace those awaited for the
  /// same cgroup before. The caller must read the record once more after this call, because it may
  /// have been written just before.
  void await(const ContainerPath& container, std::vector<RecordFile> files);
  /// Call this when the record was read or the container is gone. Does nothing if the container was
  /// not awaited.
  void forget(const std::string& cgroup);
  /// Forgets every container whose cgroup is not `known` any more, because the event of its removal
  /// may have been lost.
  void forget_unless(const std::function<bool(const std::string& cgroup)>& known);

  std::size_t awaited() const { return awaited_.size(); }

 private:
  struct Step {  // the folder entry that one file waits for
    int folder;  // watch
    std::string name;
    bool is_file;  // else a folder on the path to the file
  };
  struct Awaited {
    ContainerPath container;
    std::vector<RecordFile> files;
    std::vector<Step> steps;
  };
  // Maps the awaited name in one folder to the cgroups that wait for it. A cgroup has one entry for
  // each file.
  using Names = std::multimap<std::string, std::string, std::less<>>;

  std::vector<std::string> concerned(int folder, std::uint32_t mask, std::string_view name) const;
  void retry(const std::string& cgroup, int folder, std::uint32_t mask, std::string_view name);
  void place(Awaited& awaited);
  void place(const RecordFile& file, Awaited& awaited);
  void leave(const Step& step, const std::string& cgroup);
  void unwatch_if_unused(int folder);

  Inotify& inotify_;
  std::function<void(const ContainerPath&)> ready_;
  std::map<std::string, Awaited> awaited_;  // by cgroup
  std::unordered_map<int, Names> folders_;  // by watch
};

}  // namespace iopslimit
