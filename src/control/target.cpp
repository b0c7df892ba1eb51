// SPDX-License-Identifier: Apache-2.0
#include "control/target.hpp"

namespace iopslimit {

Limit Target::limit(const std::vector<Limit>& limits) const {
  Limit strictest;
  for (const Use& use : uses) {
    if (use.mount < limits.size())
      strictest = stricter(strictest, part_of(limits[use.mount], use.divisor));
  }
  return strictest;
}

void Budgets::start_over(const Targets& targets) {
  budgets_.clear();
  for (const Target& target : targets) budgets_.emplace_back(target.total_iops);
}

void Budgets::add(const Targets& targets, const std::vector<Limit>& limits) {
  for (std::size_t i = 0; i < budgets_.size(); ++i) budgets_[i].add(targets[i].limit(limits));
}

void Budgets::remove(const Targets& targets, const std::vector<Limit>& limits) {
  for (std::size_t i = 0; i < budgets_.size(); ++i) budgets_[i].remove(targets[i].limit(limits));
}

}  // namespace iopslimit
