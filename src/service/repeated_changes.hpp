// SPDX-License-Identifier: Apache-2.0
// Remembers whose limits were restored a moment ago: a change that is repeated is answered at once.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <string>

namespace iopslimit {

/// The caller passes the times, which must never go back.
class RepeatedChanges {
 public:
  static constexpr std::chrono::seconds within{60};

  /// Somebody's change of the cgroup's limit was undone.
  void restored(const std::string& cgroup, std::chrono::seconds now) { restored_[cgroup] = now; }
  void forget(const std::string& cgroup) { restored_.erase(cgroup); }
  /// Whether one of the cgroups had its limit restored within the last minute.
  bool any_of(const std::set<std::string>& cgroups, std::chrono::seconds now) const {
    return std::ranges::any_of(cgroups, [&](const std::string& cgroup) {
      const auto last = restored_.find(cgroup);
      return last != restored_.end() && now - last->second < within;
    });
  }

 private:
  std::map<std::string, std::chrono::seconds> restored_;  // by cgroup
};

}  // namespace iopslimit
