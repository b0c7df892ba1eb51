// SPDX-License-Identifier: Apache-2.0
// So many lines about one pod and no more: one that flaps must not drown the others.
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
  /// Lines of one kind about one pod (or one cgroup outside of pods) within `window`.
  static constexpr std::size_t most = 20;
  static constexpr std::chrono::seconds window{60};

  /// Whether the report is to be written. What is not about a pod or cgroup always is. `now` is of
  /// a clock that never goes back.
  bool passes(const Event& event, std::chrono::seconds now);

  /// For each window that is over: how many were not written, where there were any. It looks once
  /// a second however often it is called.
  std::vector<Event> summaries(std::chrono::seconds now);

 private:
  struct Window {
    std::chrono::seconds begin{0};
    std::size_t written = 0;
    std::size_t suppressed = 0;
    Event last;  // the last one that was not written
  };
  using Key = std::pair<std::string, Action>;

  std::map<Key, Window> windows_;
  std::chrono::seconds looked_{-1};
};

}  // namespace iopslimit
