// SPDX-License-Identifier: Apache-2.0
#include "control/wanted_rules.hpp"

namespace iopslimit {

void add_wanted_rules(const Workload& workload, const DataMounts& mounts,
                      const Allocator& allocator, std::vector<Rule>& rules) {
  if (workload.decision.limits.empty()) return;
  mounts.keep(workload.held, rules);
  for (std::size_t i = 0; i < mounts.targets().size(); ++i) {
    const Target& target = mounts.targets()[i];
    Limit limit = target.limit(workload.decision.limits);
    if (!workload.standalone()) limit = allocator.allot(i, workload, limit);
    if (target.mounted && !limit.unlimited()) rules.push_back({target.device.devnum, limit});
  }
}

}  // namespace iopslimit
