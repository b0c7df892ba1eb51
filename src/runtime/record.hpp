// SPDX-License-Identifier: Apache-2.0
// The text of a container's record (what its runtime wrote to disk about it) as names.
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

/// What the runtime wrote down about a container. Any name may be empty: older runtimes write
/// fewer.
struct Record {
  using Pairs = std::vector<std::pair<std::string, std::string>>;  ///< sorted by key

  RuntimeHint runtime = RuntimeHint::unknown;  ///< whose record it is
  bool sandbox = false;                        ///< the pod's pause container
  bool incomplete = false;  ///< the pod's sandbox's record would say more and cannot be read yet
  std::string name;
  std::string image;
  std::string pod;
  std::string pod_namespace;
  std::string sandbox_id;  ///< until the sandbox's record is read; not kept
  Pairs labels;            ///< the pod's (plain docker: the container's), only those wished for
  Pairs annotations;       ///< the pod's, only those wished for
  bool operator==(const Record&) const = default;
};

/// What policies and annotations need. Everything else is not kept: a pod may carry 256 KiB.
struct RecordRequest {
  std::vector<std::string> labels;               ///< whole keys
  std::vector<std::string> annotation_prefixes;  ///< "example.org": every "example.org/..."
  bool operator==(const RecordRequest&) const = default;
};

/// The record cannot be used; `why` says what is wrong with the text.
struct BadRecord {
  std::string why;
  bool operator==(const BadRecord&) const = default;
};

/// The runtime has not written one (yet), or wrote it where we do not look.
struct NoRecord {
  bool operator==(const NoRecord&) const = default;
};

using RecordAnswer = std::variant<NoRecord, Record, BadRecord>;

/// Whether `runtime` may have written the record of this container. A bare id below a pod is
/// containerd's or docker's. `type` rules out the other runtimes for pods; a container outside of
/// any pod is its directory's runtime's whatever `type` says, podman's always.
bool may_have_record(const ContainerPath& container, RuntimeType type, RuntimeHint runtime);

/// Whether the record of the pod's sandbox (`record.sandbox_id`, then exactly 64 lowercase hex
/// digits) would tell what this one lacks.
bool wants_sandbox(const Record& record, const RecordRequest& request);

/// Reads records. Keeps its buffers from one call to the next, so that a record of usual size costs
/// no allocation beyond what is kept. A `text` is a whole file and may be reallocated for padding.
/// A value of more than `max_value` bytes is cut and ends in "..."; of the annotations wished for
/// the first `max_annotations` are kept.
class RecordParser {
 public:
  static constexpr std::size_t max_value = 256;
  static constexpr std::size_t max_annotations = 64;

  RecordParser();
  ~RecordParser();
  RecordParser(const RecordParser&) = delete;
  RecordParser& operator=(const RecordParser&) = delete;

  /// config.json as containerd's CRI plugin writes it: annotations io.kubernetes.cri.* (containerd
  /// pkg/cri/annotations), set after whatever the pod brings along. A text without annotations is a
  /// record without names. Labels are nowhere. A sandbox without names (1.4 and older) gets them
  /// from its log directory .../<namespace>_<name>_<uid> when the uid is `pod_uid`.
  RecordAnswer parse_containerd(std::string& text, const RecordRequest& request,
                                std::string_view pod_uid = {});

  /// config.json as CRI-O writes it. In a container's, the pod's annotations come first: what CRI-O
  /// sets there itself (io.kubernetes.cri-o.ContainerType, SandboxID, Image, ImageName) and the
  /// kubelet's labels (io.kubernetes.pod.*, io.kubernetes.container.name) cannot be forged. In a
  /// sandbox's, the pod's annotations come after CRI-O's keys and before the labels: only the
  /// latter count. So a sandbox is what has the type "sandbox", out of reach in a container's, and
  /// the container name "POD", out of reach in a sandbox's and no valid name of a container; a pod
  /// that forges the type has its own pause container limited. Labels come with join_sandbox.
  RecordAnswer parse_crio(std::string& text, const RecordRequest& request);

  /// config.v2.json as dockerd writes it. Below a pod (`in_pod`): labels io.kubernetes.* as
  /// dockershim and cri-dockerd set them, over anything the pod or the image brings; a sandbox
  /// gives the pod's labels and annotations. Elsewhere no label has a meaning: an image may carry
  /// any, so there a record is never a sandbox or a pod's.
  RecordAnswer parse_docker(std::string& text, const RecordRequest& request, bool in_pod = true);

  /// containers.json (or volatile-containers.json) of containers/storage: a list in which podman
  /// keeps image and name as JSON in "metadata". NoRecord when `id` is not in it.
  RecordAnswer parse_podman(std::string& text, std::string_view id);

  /// Adds to `record`, the last one parsed and wanting it, what `text`, its sandbox's record, says.
  /// False, and nothing added, when that is no sandbox's record.
  ///
  /// CRI-O's sandbox has the pod's labels in two forms, and an annotation of the pod can stand in
  /// for either: io.kubernetes.cri-o.Labels is overwritten by an annotation of that name, a plain
  /// key may be an annotation where there is no such label. The plain keys are taken, as labels win
  /// there, except those which the container's own record has with the same value: it holds every
  /// annotation of the pod and none of its labels. So no annotation passes for a label; a label
  /// that is an annotation too, with the same value, is not seen.
  bool join_sandbox(Record& record, std::string& text, const RecordRequest& request,
                    std::string_view pod_uid);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;

  bool join_crio(Record& record, std::string& text, const RecordRequest& request);
};

}  // namespace iopslimit
