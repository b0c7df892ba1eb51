// SPDX-License-Identifier: Apache-2.0
// Writes lines to a reader that may be slow or gone, and never waits for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "loop/file.hpp"
#include "loop/io.hpp"

namespace iopslimit {

/// Where a sink writes. A descriptor that can block is asked before each write.
struct LogOutput {
  File owned = File();     ///< empty when `fd` belongs to somebody else
  int fd = -1;             ///< -1: nobody takes lines
  bool is_socket = false;  ///< send(2) does not wait, whatever the mode of the descriptor
  bool may_block = false;  ///< its mode is shared with other processes, so it stays as it is
};

/// The journal's socket for entries in its native format: one datagram for each.
LogOutput journal_output(const std::string& path);
/// Standard output. A pipe or terminal is opened anew: the mode O_NONBLOCK of descriptor 1 is
/// shared with other processes.
LogOutput standard_output();

/// What is not taken at once waits in a queue, in order and whole; what does not fit the queue is
/// dropped and counted.
class LogSink {
 public:
  /// Bytes that wait at most.
  static constexpr std::size_t most_bytes = 1U << 20U;
  /// How long the destructor waits for the reader, so that the last lines are not lost.
  static constexpr int last_chance_msec = 300;

  struct Handlers {
    std::function<LogOutput()> open;  ///< called before the first line, and again after an error
    /// The line that says how many lines were dropped. It is written when the reader takes lines
    /// again.
    std::function<std::string(std::uint64_t lines)> lost;
  };

  LogSink(EventLoop& loop, Handlers handlers) : loop_(loop), handlers_(std::move(handlers)) {}
  ~LogSink();
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  /// False if there is nobody to take the line: the caller writes it elsewhere or drops it.
  bool write(std::string line);
  /// Counts lines that nobody took.
  void drop(std::size_t lines);
  /// All lines that were dropped so far.
  std::uint64_t dropped() const { return dropped_; }

 private:
  enum class Result { done, later, gone };

  Result write_now(std::string& rest);
  Result write_or_reopen(std::string& rest);
  void queue(std::string line);
  void await_reader();
  void drain();
  void drop_all();
  void report_dropped();

  EventLoop& loop_;
  Handlers handlers_;
  LogOutput output_;
  std::deque<std::string> waiting_;
  std::size_t bytes_ = 0;  // of waiting_
  std::uint64_t dropped_ = 0;
  std::uint64_t not_reported_ = 0;  // of dropped_
  std::optional<Io> writable_;      // while lines wait
};

}  // namespace iopslimit
