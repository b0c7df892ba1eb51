// SPDX-License-Identifier: Apache-2.0
#include "service/repeated_changes.hpp"

#include <algorithm>
#include <utility>

#include "loop/clock.hpp"

namespace iopslimit {

RepeatedChanges::RepeatedChanges(EventLoop& loop, Contested contested,
                                 std::chrono::milliseconds within)
    : contested_(std::move(contested)), within_(within), review_(loop, [this] { review(); }) {}

void RepeatedChanges::on_event(const Event& event) {
  if (event.action != Action::repaired) return;
  const std::chrono::milliseconds now = monotonic_msec();
  for (const Rule& rule : event.rules) {
    const auto [entry, is_new] = restored_.try_emplace(RuleKey{event.cgroup, rule.device});
    Restored& restored = entry->second;
    if (!is_new && now - restored.last < within_ && !std::exchange(restored.again, true))
      review_.restart({});  // once for all that come together
    restored.last = now;
  }
  review_.start(within_);
}

void RepeatedChanges::forget(const std::string& cgroup) {
  std::erase_if(restored_, [&](const auto& one) { return one.first.cgroup == cgroup; });
}

bool RepeatedChanges::any_of(const std::set<std::string>& cgroups) const {
  const std::chrono::milliseconds now = monotonic_msec();
  return std::ranges::any_of(cgroups, [&](const std::string& cgroup) {
    auto one = restored_.lower_bound({cgroup, {}});
    for (; one != restored_.end() && one->first.cgroup == cgroup; ++one) {
      if (now - one->second.last < within_) return true;
    }
    return false;
  });
}

void RepeatedChanges::review() {
  const std::chrono::milliseconds now = monotonic_msec();
  std::erase_if(restored_,
                [this, now](const auto& one) { return now - one.second.last >= within_; });
  std::set<std::string> contested;
  std::chrono::milliseconds next = within_;
  for (const auto& [key, restored] : restored_) {
    if (restored.again) contested.insert(key.cgroup);
    next = std::min(next, restored.last + within_ - now);
  }
  if (!restored_.empty()) review_.start(next);
  if (contested == announced_) return;
  announced_ = std::move(contested);
  contested_(announced_);
}

}  // namespace iopslimit
