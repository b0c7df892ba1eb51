// SPDX-License-Identifier: Apache-2.0
// One inotify instance, which may be missing (inotify(7)).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "loop/file.hpp"

namespace iopslimit {

/// The number of instances and of watches that a user may have is limited, and any container that
/// runs as that user can use them up. Without an instance nothing is watched: retry() tries again.
class Inotify {
 public:
  /// Throws std::system_error only when epoll fails.
  Inotify();

  /// Poll this descriptor for EPOLLIN; it stays the same when retry() opens the instance.
  int fd() const { return epoll_.fd(); }
  /// The descriptor of the instance itself; -1 = none.
  int instance() const { return instance_.fd(); }

  /// Returns the watch descriptor; -1 if `path` cannot be watched. failure() then says why, unless
  /// the path itself is the reason.
  int watch(const std::string& path, std::uint32_t mask);
  void unwatch(int descriptor);

  /// What the kernel has refused since retry(), and what to do; empty when all watches are there.
  const std::string& failure() const { return failure_; }
  /// Opens the instance if it is missing. The caller then adds the watches that are missing.
  void retry();

  /// Passes the queued events to `handle`, in order, at most one buffer full. If there are more,
  /// the descriptor stays readable, so that a flood of events does not keep other callbacks
  /// waiting. When the buffer holds an IN_DELETE of an entry, the earlier events of that entry in
  /// the same buffer are skipped: this saves the work for a directory that somebody creates and
  /// removes in a loop. Throws std::system_error when the descriptor fails.
  using Handle = std::function<void(int descriptor, std::uint32_t mask, std::string_view name)>;
  void read(const Handle& handle);

 private:
  File epoll_;
  File instance_;
  std::string failure_;
};

}  // namespace iopslimit
