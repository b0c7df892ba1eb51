// SPDX-License-Identifier: Apache-2.0
// inotify on the way to the runtimes' records, for containers whose record was not there when their
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
#include "loop/file.hpp"

namespace iopslimit {

/// A file that may come. Nothing above `root`, the folder of the runtime itself, is ever watched.
struct RecordFile {
  std::string root;      ///< absolute, may be a link
  std::string relative;  ///< to `root`, at least the file's name; folders that are links are not
                         ///< followed
  std::string path() const { return root + "/" + relative; }
  bool operator==(const RecordFile&) const = default;
};

/// Holds watches only while a container is awaited: for each file one on the deepest folder of its
/// path that exists, deeper as folders come and back up when they go. When even the root is missing
/// nothing is watched: the safety net reads again.
class RecordWatcher {
 public:
  /// `ready`: one of the container's files was made (with something in it), moved into place or
  /// closed after writing; it may be complete now. Forgetting and awaiting inside of it is fine.
  explicit RecordWatcher(std::function<void(const ContainerPath&)> ready);

  int fd() const { return inotify_.fd(); }
  /// Throws std::system_error when inotify itself fails.
  void read_events();

  /// Wakes for any of `files` (RecordFiles::awaited_files()), in place of those awaited for the
  /// same cgroup before. Read the record once more after this: it may have been written just
  /// before.
  void await(const ContainerPath& container, std::vector<RecordFile> files);
  /// The record was read, or the container is gone. Nothing happens when it was not awaited.
  void forget(const std::string& cgroup);
  /// Forgets every container whose cgroup is not `known` any more: its end may have gone unheard.
  void forget_unless(const std::function<bool(const std::string& cgroup)>& known);

  std::size_t awaited() const { return awaited_.size(); }

 private:
  struct Step {  // what one file waits for
    int folder;  // watch
    std::string name;
    bool is_file;  // else a folder on the way to it
  };
  struct Awaited {
    ContainerPath container;
    std::vector<RecordFile> files;
    std::vector<Step> steps;
  };
  // Cgroups by the name they wait for in one folder; a cgroup stands there once for each file.
  using Names = std::multimap<std::string, std::string, std::less<>>;

  void handle(int folder, std::uint32_t mask, std::string_view name);
  std::vector<std::string> concerned(int folder, std::uint32_t mask, std::string_view name) const;
  void retry(const std::string& cgroup, int folder, std::uint32_t mask, std::string_view name);
  void place(Awaited& awaited);
  void place(const RecordFile& file, Awaited& awaited);
  void leave(const Step& step, const std::string& cgroup);
  void unwatch_if_unused(int folder);

  std::function<void(const ContainerPath&)> ready_;
  File inotify_;
  std::map<std::string, Awaited> awaited_;  // by cgroup
  std::unordered_map<int, Names> folders_;  // by watch
};

}  // namespace iopslimit
