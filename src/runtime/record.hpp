// SPDX-License-Identifier: Apache-2.0
// Parses the text of a container's record (a file that its runtime wrote to disk about it) into
// names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
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

  RuntimeHint runtime = RuntimeHint::unknown;  ///< which runtime wrote the record
  bool sandbox = false;                        ///< the pod's pause container
  bool incomplete = false;  ///< the sandbox's record has more but cannot be read yet
  std::string name;
  std::string image;
  std::string pod;
  std::string pod_namespace;
  std::string sandbox_id;  ///< needed to read the sandbox's record; not kept after that
  Pairs labels;            ///< the requested labels of the pod (plain docker: of the container)
  Pairs annotations;       ///< the requested annotations of the pod
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

using RecordAnswer = std::variant<NoRecord, Record, BadRecord>;

/// Whether `runtime` may have written the record of this container. A container with a bare ID
/// below a pod belongs to containerd or docker. `type` excludes the other runtimes for containers
/// in pods. It does not apply to a container outside any pod, whose directory names its runtime,
/// and it never excludes podman.
bool may_have_record(const ContainerPath& container, RuntimeType type, RuntimeHint runtime);

/// Whether the record of the pod's sandbox would provide what this record lacks. The sandbox is
/// named by `record.sandbox_id`, which must be exactly 64 lowercase hex digits.
bool wants_sandbox(const Record& record, const RecordRequest& request);

/// Parses records. It keeps its buffers from one call to the next, so that a record of usual size
/// costs no allocations other than those for the result. A `text` is a whole file and may be
/// reallocated for padding. A value of more than `max_value` bytes is cut and ends in "...". Of the
/// requested annotations only the first `max_annotations` are kept.
class RecordParser {
 public:
  static constexpr std::size_t max_value = 256;
  static constexpr std::size_t max_annotations = 64;

  RecordParser();
  ~RecordParser();
  RecordParser(const RecordParser&) = delete;
  RecordParser& operator=(const RecordParser&) = delete;

  /// Parses config.json as containerd's CRI plugin writes it. The names are in the annotations
  /// io.kubernetes.cri.* (containerd pkg/cri/annotations), which the plugin sets after those of the
  /// pod. A text without annotations gives a record without names. The file contains no labels. The
  /// record of a sandbox without names (containerd 1.4 and older) gets them from its log directory
  /// .../<namespace>_<name>_<uid> if the uid is `pod_uid`.
  RecordAnswer parse_containerd(std::string& text, const RecordRequest& request,
                                std::string_view pod_uid = {});

  /// Parses config.json as CRI-O writes it. In a container's record CRI-O writes the pod's
  /// annotations first, so a pod cannot forge the keys that CRI-O sets itself
  /// (io.kubernetes.cri-o.ContainerType, SandboxID, Image, ImageName) or the kubelet's labels
  /// (io.kubernetes.pod.*, io.kubernetes.container.name). In a sandbox's record CRI-O writes the
  /// pod's annotations after its own keys and before the labels, so only the labels can be trusted.
  /// A record is therefore a sandbox's only if it has both the type "sandbox", which a pod cannot
  /// forge in a container's record, and the container name "POD", which a pod cannot forge in a
  /// sandbox's record and which is not a valid container name. A pod that forges the type of its
  /// sandbox only gets its own pause container limited. join_sandbox adds the labels.
  RecordAnswer parse_crio(std::string& text, const RecordRequest& request);

  /// Parses config.v2.json as dockerd writes it. Below a pod (`in_pod`), dockershim and cri-dockerd
  /// set the labels io.kubernetes.*, and these override any that the pod or the image brings; a
  /// sandbox's record provides the pod's labels and annotations. Outside of pods no label has a
  /// special meaning, because an image may carry any label: there a record is never that of a
  /// sandbox or of a pod.
  RecordAnswer parse_docker(std::string& text, const RecordRequest& request, bool in_pod = true);

  /// Parses containers.json (or volatile-containers.json) of containers/storage: a list in which
  /// podman keeps image and name as JSON in "metadata". Returns NoRecord if `id` is not in the
  /// list.
  RecordAnswer parse_podman(std::string& text, std::string_view id);

  /// Adds the content of `text`, the record of its sandbox, to `record`. `record` must be the last
  /// one parsed, and wants_sandbox() must be true for it. Returns false, and adds nothing, if
  /// `text` is not the record of a sandbox.
  ///
  /// CRI-O's sandbox record has the pod's labels in two forms, and an annotation of the pod can
  /// imitate both: an annotation named io.kubernetes.cri-o.Labels overwrites that key, and a plain
  /// key may be an annotation if the pod has no label of that name. The parser takes the plain
  /// keys, because there a label wins over an annotation. It leaves out those that the container's
  /// own record has with the same value, because that record holds every annotation of the pod and
  /// none of its labels. So no annotation passes for a label. A label that is also an annotation
  /// with the same value is not found.
  bool join_sandbox(Record& record, std::string& text, const RecordRequest& request,
                    std::string_view pod_uid);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;

  bool join_crio(Record& record, std::string& text, const RecordRequest& request);
};

}  // namespace iopslimit
