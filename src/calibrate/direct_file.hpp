// SPDX-License-Identifier: Apache-2.0
// A file without a name, past the page cache, that the disk below it is measured with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "calibrate/aio_queue.hpp"
#include "calibrate/phase.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// The kernel removes the file with its last descriptor, so that kill -9 leaves nothing either.
class DirectFile {
 public:
  /// Called about ten times a second while the disk works. What it throws ends the work.
  using Tick = std::function<void()>;

  /// Opens a file in `folder` by O_TMPFILE and O_DIRECT, open(2). Throws std::system_error that
  /// says so when the file system does not have these.
  DirectFile(const std::string& folder, std::uint64_t bytes);

  /// Writes the whole file, in large blocks that do not repeat, and waits until the disk has it: a
  /// block that was never written would be read without the disk. Throws std::system_error.
  void fill(const std::function<void(std::uint64_t written)>& tick);

  /// Needs a filled file. Throws std::system_error for the first request that fails, or is answered
  /// in part, and when no request was answered at all.
  Measurement run(const Phase& phase, const Tick& tick);

 private:
  struct Free {
    void operator()(std::byte* memory) const;
  };
  using Buffer = std::unique_ptr<std::byte[], Free>;
  using Clock = std::chrono::steady_clock;

  static Buffer aligned(std::size_t bytes);
  std::uint64_t random();
  void stamp(std::span<std::byte> blocks);
  AioRequest request(std::size_t slot, unsigned read_percent);

  std::uint64_t bytes_;
  File file_;
  std::uint64_t random_;
  Buffer buffers_;  // of the requests, one for each slot
};

}  // namespace iopslimit
