// SPDX-License-Identifier: Apache-2.0
// Counts for each container how long it was at its limit.
// The kernel has no counter for it.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "api/snapshot.hpp"
#include "control/fair_share.hpp"
#include "share/time_at_limit.hpp"

namespace iopslimit {

class TimesAtLimit {
 public:
  /// The service reads the members of `share` from `now` on.
  void begin(Moment now) { begun_ = now; }
  /// The members of `share` were read at `now`. Judges each by the limits that it holds.
  void count(Moment now, const FairShare& share);
  void forget(const std::string& cgroup) { times_.erase(cgroup); }
  /// Sets the times of the containers.
  void add_to(Snapshot& snapshot, Moment now) const;

 private:
  void count(Moment now, const Workload& workload, const Rule& rule, const FairShare& share,
             std::size_t target);

  Moment begun_{0};
  std::map<SharedText, TimeAtLimit, std::less<>> times_;  // by cgroup, of those that ever were
};

}  // namespace iopslimit
