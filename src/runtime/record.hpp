// SPDX-License-Identifier: Apache-2.0
// A container's record: what its runtime wrote to disk about it, turned into names.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"

namespace iopslimit {

/// The names that the runtime recorded for a container. Any of them may be empty: older runtimes
/// record fewer.
struct Record {
  using Pairs = std::vector<std::pair<std::string, std::string>>;  ///< sorted by key
  /// A longer value of a label or an annotation, in bytes, is cut and ends in "...".
  static constexpr std::size_t max_value = 256;
  /// Of the requested annotations only the first ones are kept.
  static constexpr std::size_t max_annotations = 64;

  RuntimeHint runtime = RuntimeHint::unknown;  ///< which runtime wrote the record
  bool sandbox = false;                        ///< the pod's pause container
  bool incomplete = false;                     ///< more of it exists but cannot be read yet
  /// Why it is incomplete: the sandbox's record is late, or is there and cannot be used (yet).
  enum class Lack { late, large, unusable } lack = Lack::late;
  std::string name;
  std::string image;
  std::string pod;
  std::string pod_namespace;
  Pairs labels;       ///< the requested labels of the pod (plain docker: of the container)
  Pairs annotations;  ///< the requested annotations of the pod
  /// The runtime's socket told labels and annotations (runtime/pod_facts), not the files.
  bool from_socket = false;
  bool operator==(const Record&) const = default;
};

/// The labels and annotations that policies and pod requests need. No others are kept, because a
/// pod may carry 256 KiB of them.
struct RecordRequest {
  std::vector<std::string> labels;               ///< complete keys
  std::vector<std::string> annotation_prefixes;  ///< "example.org": every "example.org/..."
  bool operator==(const RecordRequest&) const = default;
};

/// The record cannot be used; `why` says what is wrong with the text.
struct BadRecord {
  std::string why;
  bool operator==(const BadRecord&) const = default;
};

/// The runtime has not written a record (yet), or wrote it in a folder that is not searched.
struct NoRecord {
  bool operator==(const NoRecord&) const = default;
};

/// The record is there, and too large to be read before the container has a limit.
struct LargeRecord {
  bool operator==(const LargeRecord&) const = default;
};

using RecordAnswer = std::variant<NoRecord, Record, BadRecord, LargeRecord>;

/// Whether there is more to read: Runtimes::read_piece().
bool is_large(const RecordAnswer& answer);

/// Whether `runtime` may have written the record of this container. A container with a bare ID
/// below a pod belongs to containerd or docker. `type` excludes the other runtimes for containers
/// in pods. It does not apply to a container outside any pod, whose directory names its runtime,
/// and it never excludes podman. False without a valid ID, which is a part of paths.
bool may_have_record(const ContainerPath& container, RuntimeType type, RuntimeHint runtime);

}  // namespace iopslimit
