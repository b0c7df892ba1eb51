// SPDX-License-Identifier: Apache-2.0
// Replays what a workload uses, minute by minute.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>

#include "advice/advice.hpp"
#include "advice/history.hpp"

namespace iopslimit {

/// Reads of so many IOPS, and no writes.
inline UsageSample usage(double iops, bool at_limit = false, bool limited = false,
                         double seconds = 15) {
  UsageSample sample{.seconds = seconds};
  sample.ways[0] = {.iops = iops, .at_limit = at_limit, .limited = limited};
  return sample;
}

class UsageReplay {
 public:
  explicit UsageReplay(std::chrono::seconds half_life = std::chrono::hours(24))
      : history(half_life) {}

  History history;
  std::uint64_t limit = 0;  ///< in force; 0 = none
  bool censored = true;     ///< false: as if the limit were not known

  /// The workload wants what `demand` says for each minute. What it gets is at most the limit.
  void run(Minute minutes, const std::function<double(Minute)>& demand) {
    for (Minute i = 0; i < minutes; ++i, ++now_) {
      WorkloadHistory& one = *history.see(key(), {.limits = {limit, limit}}, now_, ++round_);
      const auto most = static_cast<double>(limit);
      const double iops = limit == 0 ? demand(now_) : std::min(demand(now_), most);
      const bool at_limit = censored && limit != 0 && iops >= 0.95 * most;
      if (iops > 0) history.add(one, usage(iops, at_limit, at_limit, 60), now_);
    }
    history.finish_before(now_);
  }
  AdvisedLimit advice() { return advice_for(key(), history.workloads().at(key())).read; }
  static WorkloadKey key() { return {"shop", "db", "postgres"}; }

 private:
  Minute now_ = 29000000;
  std::uint64_t round_ = 1;
};

}  // namespace iopslimit
