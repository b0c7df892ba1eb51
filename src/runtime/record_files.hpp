// SPDX-License-Identifier: Apache-2.0
// The runtimes' records on disk: knows which files may hold a container's record, and reads them
// without following a link that a pod could plant.
#pragma once

#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "loop/file.hpp"
#include "runtime/record.hpp"
#include "runtime/record_watcher.hpp"

namespace iopslimit {

/// The folders in which the runtimes keep their records. The first folder that has a record is
/// used.
struct RecordFolders {
  std::vector<std::string> containerd_states;
  std::vector<std::string> containerd_namespaces;
  std::vector<std::string> crio_storages;  ///< also podman's: roots of containers/storage
  std::vector<std::string> docker_roots;
  bool operator==(const RecordFolders&) const = default;
};

/// Returns `states` (of any runtime) followed by the folders that distributions use.
RecordFolders known_record_folders(const std::vector<std::string>& states,
                                   std::vector<std::string> containerd_namespaces);

/// Reads the records of containerd (<state>/io.containerd.runtime.v2.task/<namespace>/<id>/
/// config.json, complete before containerd creates the container's cgroup), of CRI-O (<storage>/
/// overlay-containers/<id>/userdata/config.json), of docker (<root>/containers/<id>/config.v2.json)
/// and of podman (the list <storage>/overlay-containers/containers.json and, for `podman run --rm`,
/// volatile-containers.json beside it). Storage drivers other than overlay are not supported.
class RecordFiles {
 public:
  /// A larger record is refused. The kubelet's largest has a few hundred KiB.
  static constexpr std::size_t max_record = 8U << 20;
  /// A larger list of podman is refused. It has about 1 KiB for each container.
  static constexpr std::size_t max_list = 32U << 20;

  /// `type`: see may_have_record. `request`: the labels and annotations to keep.
  RecordFiles(const RecordFolders& folders, RuntimeType type, RecordRequest request);

  /// Returns the record of a container, found by its ID, with what its sandbox's record adds. Sets
  /// Record::incomplete if the sandbox's record cannot be read (yet). Returns NoRecord if there is
  /// no file, and BadRecord with the path and the reason if none of the existing files can be read
  /// and parsed.
  RecordAnswer read(const ContainerPath& container);

  /// The files whose appearance would change the last result of read() for this container: those of
  /// its own record, or of its sandbox's record if only that was missing.
  std::vector<RecordFile> awaited_files(const ContainerPath& container) const;

 private:
  struct Place {
    RuntimeHint runtime;
    std::string root;
    std::string folder;  // below root; holds one folder for each ID, or podman's list
    std::string path;    // root/folder
    const char* inner;   // the folder between the ID's folder and the file; may be null
    const char* file;
  };
  struct Missing {  // the sandbox whose record was missing in the last read()
    std::string cgroup;
    RuntimeHint runtime;
    std::string sandbox_id;
  };

  void add_place(RuntimeHint runtime, const std::string& root, const std::string& folder,
                 const char* inner, const char* file);
  std::error_code read_file(const Place& place, const std::string& id);
  RecordAnswer read_at(const Place& place, const ContainerPath& container);
  bool read_sandbox(Record& record, const ContainerPath& container);

  std::vector<Place> places_;
  RuntimeType type_;
  RecordRequest request_;
  RecordParser parser_;
  std::string text_;  // these two are members to keep their capacity
  std::string path_;
  std::optional<Missing> missing_;
};

}  // namespace iopslimit
