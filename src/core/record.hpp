// SPDX-License-Identifier: Apache-2.0
// The text of a container's record (an OCI bundle's config.json) as names.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace iopslimit {

/// What the runtime wrote down about a container. Any name may be empty: older runtimes write
/// fewer.
struct Record {
  bool sandbox = false;  ///< the pod's pause container
  std::string name;
  std::string image;
  std::string pod;
  std::string pod_namespace;
  std::string sandbox_id;
  bool operator==(const Record&) const = default;
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

/// Reads bundles. Keeps its buffers from one call to the next, so that a record of usual size costs
/// no allocation beyond the names.
class RecordParser {
 public:
  RecordParser();
  ~RecordParser();
  RecordParser(const RecordParser&) = delete;
  RecordParser& operator=(const RecordParser&) = delete;

  /// `text` is a whole config.json as containerd's CRI plugin writes it: annotations
  /// io.kubernetes.cri.* (containerd pkg/cri/annotations). A text without annotations is a record
  /// without names. `text` may be reallocated for padding.
  RecordAnswer parse_containerd(std::string& text);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace iopslimit
