// SPDX-License-Identifier: Apache-2.0
#include "control/shared_total.hpp"

#include <algorithm>

namespace iopslimit {

void SharedTotal::reset(const Targets& targets) {
  targets_ = targets;
  budgets_.clear();
  for (const Target& target : targets) budgets_.emplace_back(target.total_iops);
  divides_ = std::ranges::any_of(targets, [](const Target& one) { return one.total_iops != 0; });
}

bool SharedTotal::add(const Workload& workload) {
  if (!workload.competes()) return false;
  for (std::size_t i = 0; i < budgets_.size(); ++i)
    budgets_[i].add(targets_[i].limit(workload.decision.limits));
  return divides_;
}

bool SharedTotal::remove(const Workload& workload) {
  if (!workload.competes()) return false;
  for (std::size_t i = 0; i < budgets_.size(); ++i)
    budgets_[i].remove(targets_[i].limit(workload.decision.limits));
  return divides_;
}

}  // namespace iopslimit
