// SPDX-License-Identifier: Apache-2.0
// Limits the number of lines about one pod, so that a flapping pod does not drown the events of the
// others.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "report/event.hpp"

namespace iopslimit {

class RateLimiter {
 public:
  /// At most this many lines of one kind about one pod (or one cgroup outside of pods) within
  /// `window`.
  static constexpr std::size_t most = 20;
  static constexpr std::chrono::seconds window{60};

  /// Whether the event should be written. An event about neither a pod nor a cgroup always is.
  /// `now` is the time of a clock that never goes back.
  bool passes(const Event& event, std::chrono::seconds now);

  /// A summary for each window that is over and in which events were suppressed: how many they
  /// were. Checks at most once a second, however often it is called.
  std::vector<Event> summaries(std::chrono::seconds now);

 private:
  struct Window {
    std::chrono::seconds begin{0};
    std::size_t written = 0;
    std::size_t suppressed = 0;
    Event last;  // the last event that was not written
  };
  using Key = std::pair<std::string, Action>;

  std::map<Key, Window> windows_;
  std::chrono::seconds looked_{-1};
};

}  // namespace iopslimit
