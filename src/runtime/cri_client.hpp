// SPDX-License-Identifier: Apache-2.0
// Asks a container runtime on its CRI socket for the sandboxes of pods. Nothing waits for it: it
// runs on the event loop after everything else.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "loop/event_loop.hpp"
#include "loop/file.hpp"
#include "loop/io.hpp"
#include "loop/timer.hpp"
#include "runtime/cri_messages.hpp"
#include "runtime/grpc_call.hpp"

namespace iopslimit {

/// How one question ended.
struct CriAnswer {
  enum class Kind {
    answered,
    unimplemented,  ///< the runtime does not know this version of the CRI
    absent,         ///< there is no socket
    failed
  } kind = Kind::failed;
  std::string why = {};       ///< printable ASCII
  bool too_much = false;      ///< it failed by its size
  std::size_t unusable = 0;   ///< sandboxes that could not be used: see decode_sandbox()
  std::size_t too_large = 0;  ///< SandboxList::passed_over()
  bool operator==(const CriAnswer&) const = default;
};

class CriClient {
 public:
  struct Options {
    uid_t owner = 0;  ///< the only user whose socket is used
    std::chrono::microseconds limit = std::chrono::seconds(10);  ///< for one question
  };
  struct Handlers {
    std::function<void(ListedSandbox sandbox)> take;  ///< one sandbox of the answer
    std::function<void(CriAnswer answer)> done;       ///< may ask the next question
  };

  CriClient(EventLoop& loop, std::string path, Options options, Handlers handlers);

  const std::string& path() const { return path_; }
  /// True if there is a file at the path.
  bool is_there() const;
  /// A question is not answered yet.
  bool busy() const { return call_.has_value(); }
  /// Asks for the ready sandboxes of a pod, or of all pods if `pod_uid` is empty, on a connection
  /// of its own. It must not be busy. Returns the answer if it is known at once: without a socket,
  /// or if the process that listens does not belong to `owner` (SO_PEERCRED, unix(7)). Else the
  /// handlers get it.
  std::optional<CriAnswer> ask(CriVersion version, std::string_view pod_uid, RecordRequest request);

 private:
  std::optional<CriAnswer> connect();
  void ready();
  void receive();
  void send();
  void watch();
  void finish(CriAnswer answer);
  CriAnswer answer_of_call() const;

  EventLoop& loop_;
  std::string path_;
  Options options_;
  Handlers handlers_;
  RecordRequest request_;
  std::optional<SandboxList> list_;
  std::optional<GrpcCall> call_;
  std::size_t unusable_ = 0;
  std::string buffer_;
  File socket_;
  std::optional<Io> io_;
  bool waits_to_send_ = false;  // io_ waits for that, too
  Timer limit_;
};

}  // namespace iopslimit
