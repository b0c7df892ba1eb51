// SPDX-License-Identifier: Apache-2.0
// Detects bursts of new cgroups; deferred work runs after them.
#pragma once

#include <chrono>
#include <optional>

namespace iopslimit {

/// The caller passes the times, which must never go back.
class Burst {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The containers of a pod start within moments of each other: announcing the first must not
  /// delay the limit of the second.
  static constexpr std::chrono::milliseconds pause{20};

  /// After cgroup events have come without a break for this long, the rest of the service gets its
  /// turns as well. A container that calls mkdir in a loop must not block the service.
  static constexpr std::chrono::milliseconds longest{250};

  /// Cgroup events were read.
  void events(Time now) {
    if (!since_) since_ = now;
  }
  /// One of them was a new cgroup.
  void cgroup(Time now) { last_ = now; }
  /// All deferred work is done.
  void finish() { since_.reset(); }

  /// True while more cgroups are expected: the last one came less than `pause` ago, and the
  /// deferred work has not waited too long.
  bool goes_on(Time now) const { return last_ && now - *last_ < pause && !too_long(now); }
  bool too_long(Time now) const { return since_ && now - *since_ >= longest; }

 private:
  std::optional<Time> since_;  // the first event since finish()
  std::optional<Time> last_;
};

}  // namespace iopslimit
