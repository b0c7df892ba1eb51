// SPDX-License-Identifier: Apache-2.0
// A burst of new cgroups: what may wait does so until it is over.
#pragma once

#include <chrono>
#include <optional>

namespace iopslimit {

/// Times are the caller's, and never go back.
class Burst {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// A pod's containers come within moments of each other: what is to be said of the first does
  /// not hold up the second.
  static constexpr std::chrono::milliseconds pause{20};

  /// Cgroup events have come without an end for so long: the rest of the service has its turns from
  /// then on. A container in a loop of mkdir must not keep it from being heard.
  static constexpr std::chrono::milliseconds longest{250};

  /// Cgroup events were read.
  void events(Time now) {
    if (!since_) since_ = now;
  }
  /// One of them was a new cgroup.
  void cgroup(Time now) { last_ = now; }
  /// Everything has been done.
  void finish() { since_.reset(); }

  /// More cgroups are expected: less than a pause has gone by, and the rest has not waited for too
  /// long.
  bool goes_on(Time now) const { return last_ && now - *last_ < pause && !too_long(now); }
  bool too_long(Time now) const { return since_ && now - *since_ >= longest; }

 private:
  std::optional<Time> since_;  // the first event since everything was done
  std::optional<Time> last_;
};

}  // namespace iopslimit
