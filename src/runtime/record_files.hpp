// SPDX-License-Identifier: Apache-2.0
// The runtimes' records on disk: which files a container's record can be in, read without following
// a link a pod could plant.
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

/// Where the runtimes keep their records. The first folder that has one decides.
struct RecordFolders {
  std::vector<std::string> containerd_states;
  std::vector<std::string> containerd_namespaces;
  std::vector<std::string> crio_storages;  ///< podman's too: roots of containers/storage
  std::vector<std::string> docker_roots;
  bool operator==(const RecordFolders&) const = default;
};

/// `states` (of whichever runtime) before the places where distributions put them.
RecordFolders known_record_folders(const std::vector<std::string>& states,
                                   std::vector<std::string> containerd_namespaces);

/// Reads the records of containerd (<state>/io.containerd.runtime.v2.task/<namespace>/<id>/
/// config.json, complete before the container's cgroup is made), of CRI-O (<storage>/
/// overlay-containers/<id>/userdata/config.json), of docker (<root>/containers/<id>/config.v2.json)
/// and of podman (the list <storage>/overlay-containers/containers.json and, for `podman run --rm`,
/// volatile-containers.json beside it). Other storage drivers than overlay are not looked for.
class RecordFiles {
 public:
  /// A larger record is refused: the kubelet's largest is a few hundred KiB.
  static constexpr std::size_t max_record = 8U << 20;
  /// A larger list of podman's is refused: it has about 1 KiB for each container.
  static constexpr std::size_t max_list = 32U << 20;

  /// `type`: see may_have_record. `wish`: the labels and annotations to keep.
  RecordFiles(const RecordFolders& folders, RuntimeType type, RecordRequest request);

  /// The record of a container by its id, with what its sandbox's record adds; Record::incomplete
  /// when that cannot be read (yet). No file is NoRecord; when all there are cannot be read or
  /// parsed, BadRecord with the path and the reason.
  RecordAnswer read(const ContainerPath& container);

  /// The files whose coming would change what read() last said of this container: its record's, or
  /// its sandbox's when only that was missing.
  std::vector<RecordFile> awaited_files(const ContainerPath& container) const;

 private:
  struct Place {
    RuntimeHint runtime;
    std::string root;
    std::string folder;  // below root; holds a folder for each id, or podman's list
    std::string path;    // root/folder
    const char* inner;   // the folder between that of the id and the file; may be null
    const char* file;
  };
  struct Missing {  // the sandbox that the last read container was incomplete without
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
  std::string text_;  // kept for their capacity
  std::string path_;
  std::optional<Missing> missing_;
};

}  // namespace iopslimit
