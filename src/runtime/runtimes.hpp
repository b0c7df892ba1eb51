// SPDX-License-Identifier: Apache-2.0
// Puts together what all runtimes of the node know about a container.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/large_files.hpp"
#include "runtime/pod_facts.hpp"
#include "runtime/source.hpp"

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

/// Returns `states` (of any runtime) followed by the folders that distributions use, and by every
/// <run>/<name>/containerd that exists now and has tasks.
RecordFolders known_record_folders(const std::vector<std::string>& states,
                                   std::vector<std::string> containerd_namespaces,
                                   const std::string& run = "/run");

/// Where a runtime may listen for the kubelet (CRI).
struct RuntimeSocket {
  std::string path;
  RuntimeHint runtime = RuntimeHint::unknown;  ///< whose pods it knows; `unknown`: those of any
  bool operator==(const RuntimeSocket&) const = default;
};

/// The places that the runtimes and distributions use, and <state>/containerd.sock of each folder
/// in `states`. None of them has to exist.
std::vector<RuntimeSocket> known_sockets(const std::vector<std::string>& states);

using RuntimeSources = std::vector<std::unique_ptr<RuntimeSource>>;

/// The sources of every runtime that this program knows. `type`: see may_have_record(). `request`:
/// the labels and annotations to keep.
RuntimeSources known_sources(const RecordFolders& folders, RuntimeType type,
                             const RecordRequest& request);

class Runtimes {
 public:
  /// The order decides: a source is asked only if no earlier one has a usable record. `facts` are
  /// added to each record; they may be null, and must outlive this.
  explicit Runtimes(RuntimeSources sources, const PodFactsTable* facts = nullptr)
      : sources_(std::move(sources)), facts_(facts) {}

  /// Returns the first usable record, which wins over a bad one of an earlier source, with what the
  /// runtime's socket said of the pod (PodFactsTable::add_to()). Without a usable record a large
  /// one, or the first bad one, is returned.
  RecordAnswer read(const ContainerPath& container);

  /// As read(), but reads large records too: one piece of at most LargeFiles::piece bytes with each
  /// call for the same container, until is_large() is false for the result. Calls of read() for
  /// others may come in between.
  RecordAnswer read_piece(const ContainerPath& container);
  /// As read(), but reads large records at once.
  RecordAnswer read_whole(const ContainerPath& container);

  /// The files whose appearance would change the last result of read() for this container.
  std::vector<RecordFile> awaited_files(const ContainerPath& container) const;

 private:
  RuntimeSources sources_;
  const PodFactsTable* facts_;
  LargeFiles large_;
  std::string large_cgroup_;                   // of the container whose large files are being read
  const RuntimeSource* incomplete_ = nullptr;  // whose record was incomplete in the last read()
  std::string incomplete_cgroup_;              // of that container
};

}  // namespace iopslimit
