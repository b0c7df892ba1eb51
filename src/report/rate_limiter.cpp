// SPDX-License-Identifier: Apache-2.0
#include "report/rate_limiter.hpp"

#include <utility>

namespace iopslimit {

bool RateLimiter::passes(const Event& event, std::chrono::seconds now) {
  const std::string& whose = event.pod_uid.empty() ? event.cgroup : event.pod_uid;
  if (whose.empty()) return true;
  const auto [entry, is_new] = windows_.try_emplace({whose, event.action});
  Window& one = entry->second;
  if (is_new) one.begin = now;
  if (one.written < most) {
    ++one.written;
    return true;
  }
  ++one.suppressed;
  one.last = event;
  return false;
}

std::vector<Event> RateLimiter::summaries(std::chrono::seconds now) {
  std::vector<Event> all;
  if (std::exchange(looked_, now) == now) return all;
  for (auto entry = windows_.begin(); entry != windows_.end();) {
    Window& one = entry->second;
    if (now - one.begin < window) {
      ++entry;
      continue;
    }
    if (one.suppressed != 0) {
      all.push_back(std::move(one.last));
      Event& summary = all.back();
      summary.severity = Severity::warning;
      summary.action = Action::suppressed;
      summary.text =
          std::to_string(one.suppressed) +
          " more of these were not written in the last minute, the last: " + summary.text;
    }
    entry = windows_.erase(entry);
  }
  return all;
}

}  // namespace iopslimit
