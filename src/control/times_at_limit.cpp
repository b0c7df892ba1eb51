// SPDX-License-Identifier: Apache-2.0
#include "control/times_at_limit.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

constexpr Moment judged_over{1000};
// The kernel reports pressure up to 2 s late, and one more second passes until the pods' I/O says
// that somebody may be at its limit. Where no trigger reports any, the reading before was earlier.
constexpr Moment noticed_after{3000};

}  // namespace

void TimesAtLimit::count(Moment now, const FairShare& share) {
  const Targets& targets = share.targets();
  for (const Workload* workload : share.members()) {
    for (const Rule& rule : workload->held) {
      const auto found = std::ranges::find_if(
          targets, [&rule](const Target& one) { return one.device.devnum == rule.device; });
      if (found != targets.end())
        count(now, *workload, rule, share, static_cast<std::size_t>(found - targets.begin()));
    }
  }
}

// Adds the time before the readings began: as long as one at this limit needs for all the I/O
// that the pods did then.
void TimesAtLimit::count(Moment now, const Workload& workload, const Rule& rule,
                         const FairShare& share, std::size_t target) {
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const Demand* demand = share.demand(workload, target, direction);
    const std::uint64_t iops = iops_of(rule.limit, direction);
    const std::uint64_t bps = bps_of(rule.limit, direction);
    if (demand == nullptr || !demand->is_at_limit(iops, bps)) continue;
    Moment since = now - std::min(judged_over, demand->ios().covered());
    if (since < begun_ + judged_over / 2) {
      const Moment unseen =
          share.pods_io().time_at(iops, bps, begun_ - noticed_after, target, direction) -
          (now - begun_);
      since = begun_ - std::max(unseen, Moment{0});
    }
    times_[workload.path.cgroup].add(direction, since, now);
  }
}

void TimesAtLimit::add_to(Snapshot& snapshot, Moment now) const {
  if (times_.empty()) return;
  for (WorkloadView& view : snapshot.containers) {
    const auto found = times_.find(view.path.cgroup);
    if (found == times_.end()) continue;
    const auto msec = [](Moment time) { return static_cast<std::uint64_t>(time.count()); };
    view.at_limit_read_msec = msec(found->second.total(0));
    view.at_limit_write_msec = msec(found->second.total(1));
    view.at_limit_day_msec = msec(found->second.day(now));
  }
}

}  // namespace iopslimit
