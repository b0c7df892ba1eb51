// SPDX-License-Identifier: Apache-2.0
// The messages of the container runtime interface (CRI) that the service sends and reads, and
// gRPC's frame around them. Field numbers: k8s.io/cri-api pkg/apis/runtime/v1/api.proto; v1alpha2
// has the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/pod_facts.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// The versions of the CRI, the newest first. containerd knows v1 from 1.6 on and v1alpha2 until
/// 1.7; CRI-O v1 from 1.20 on and v1alpha2 until 1.25.
enum class CriVersion { v1, v1alpha2 };
std::string_view to_string(CriVersion version);

/// The path of RuntimeService.ListPodSandbox in HTTP/2.
std::string list_path(CriVersion version);

/// A ListPodSandboxRequest with its frame: the sandboxes that are ready, of one pod, or of all pods
/// if `pod_uid` is empty. The kubelet looks up a pod's sandbox in the same way, by the label
/// io.kubernetes.pod.uid.
std::string list_request(std::string_view pod_uid);

/// A ready sandbox.
struct ListedSandbox {
  std::string pod_uid;
  std::int64_t created_at = 0;  ///< of several sandboxes of a pod the newest counts
  PodFacts facts;
};

/// Decodes one PodSandbox of the answer. std::nullopt: it is malformed, or it does not say of which
/// pod it is, or its label io.kubernetes.pod.uid says otherwise. Keys and values that are no UTF-8
/// are left out. Keeps of labels and annotations what record_json keeps of a record.
std::optional<ListedSandbox> decode_sandbox(std::string_view item, const RecordRequest& request);

/// Takes a framed ListPodSandboxResponse apart, piece by piece, and holds one sandbox of it at
/// most.
class SandboxList {
 public:
  /// A larger message is refused. The kubelet refuses it, too (pkg/kubelet/cri/remote,
  /// maxMsgSize).
  static constexpr std::size_t max_message = 16U << 20;
  /// A larger sandbox is passed over. All annotations of a pod may have 256 KiB.
  static constexpr std::size_t max_item = 1U << 20;

  /// `take` gets the bytes of each PodSandbox; they are valid during the call.
  explicit SandboxList(std::function<void(std::string_view item)> take) : take_(std::move(take)) {}

  /// Takes in the next bytes of the answer. Returns nullptr, or what is wrong with them; then
  /// nothing more may be fed.
  const char* feed(std::string_view bytes);
  /// True if the whole message was read.
  bool complete() const { return state_ == State::field && left_ == 0; }
  /// True if the message is larger than max_message.
  bool too_large() const { return left_ > max_message; }
  /// How many sandboxes were too large.
  std::size_t passed_over() const { return passed_over_; }

 private:
  enum class State { frame, field, length, number, item, skip };

  const char* take_frame(std::string_view& bytes);
  const char* take_message(std::string_view& bytes);
  bool take_varint(std::string_view& bytes);
  const char* begin_value();
  const char* begin_length();

  std::function<void(std::string_view)> take_;
  State state_ = State::frame;
  std::string buffer_;        // of the frame's head, or of a sandbox
  std::size_t left_ = 0;      // of the message
  std::uint64_t varint_ = 0;  // being read
  unsigned shift_ = 0;
  bool is_item_ = false;        // the current field
  std::size_t value_left_ = 0;  // of the current field
  std::size_t passed_over_ = 0;
};

}  // namespace iopslimit
