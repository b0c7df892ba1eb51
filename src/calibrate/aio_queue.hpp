// SPDX-License-Identifier: Apache-2.0
// Requests that a disk works on at the same time, by Linux AIO.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace iopslimit {

/// One request, and its buffer until it is answered.
struct AioRequest {
  std::size_t slot = 0;  ///< comes back in the answer
  bool write = false;
  std::uint64_t offset = 0;
  std::span<std::byte> buffer = {};
};

struct AioAnswer {
  std::size_t slot = 0;
  std::int64_t result = 0;  ///< bytes, or a negative errno
};

/// Linux AIO (linux/aio_abi.h), not io_uring: containers, hardened hosts and kernels before 5.1
/// have that one switched off. With O_DIRECT on a file whose blocks are all written, io_submit(2)
/// does not wait for the disk. Four system calls need no library. Throws std::system_error.
class AioQueue {
 public:
  /// `descriptor` stays open longer than this object.
  AioQueue(int descriptor, unsigned depth);
  /// Waits for the requests that are under way.
  ~AioQueue();
  AioQueue(const AioQueue&) = delete;
  AioQueue& operator=(const AioQueue&) = delete;

  void submit(const std::vector<AioRequest>& requests);
  /// Waits for one answer, at most for `patience`, and returns all there are; valid until the next
  /// call. An interruption by a signal is an error: the time that it took would count.
  const std::vector<AioAnswer>& wait(std::chrono::milliseconds patience);
  std::size_t in_flight() const { return in_flight_; }

 private:
  int descriptor_;
  unsigned depth_;
  unsigned long context_ = 0;  // aio_context_t
  std::size_t in_flight_ = 0;
  std::vector<AioAnswer> answers_;
};

}  // namespace iopslimit
