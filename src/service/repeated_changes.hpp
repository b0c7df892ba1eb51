// SPDX-License-Identifier: Apache-2.0
// Remembers whose limits were restored a moment ago: a change that is repeated is answered at once,
// and a limit that is changed again and again is contested.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "limit/backend.hpp"
#include "loop/timer.hpp"
#include "report/event.hpp"

namespace iopslimit {

/// The delay before a repair: one command of a shell raises several events.
inline constexpr std::chrono::milliseconds repair_delay{250};
/// The delay for whoever changes a limit again within a minute after it was restored: at once, but
/// not more than a thousand times in a second.
inline constexpr std::chrono::milliseconds repeated_delay{1};

class RepeatedChanges {
 public:
  /// Receives all cgroups whose limits are contested, soon after these have become others.
  using Contested = std::function<void(const std::set<std::string>& cgroups)>;
  /// `within`: what is called a minute here; tests have less time.
  RepeatedChanges(EventLoop& loop, Contested contested,
                  std::chrono::milliseconds within = std::chrono::minutes(1));

  /// If somebody's change of a limit was undone: undone twice within a minute, the limit is
  /// contested, until no change of it was undone for a minute.
  void on_event(const Event& event);
  void forget(const std::string& cgroup);
  /// Whether one of the cgroups had its limit restored within the last minute.
  bool any_of(const std::set<std::string>& cgroups) const;

 private:
  struct Restored {
    std::chrono::milliseconds last{0};
    bool again = false;
  };

  void review();

  Contested contested_;
  std::chrono::milliseconds within_;
  Timer review_;
  std::map<RuleKey, Restored> restored_;
  std::set<std::string> announced_;  // as contested
};

}  // namespace iopslimit
