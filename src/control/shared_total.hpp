// SPDX-License-Identifier: Apache-2.0
// Divides the total of each device where the kernel cannot hold it for all pods together.
#pragma once

#include <vector>

#include "control/allocator.hpp"
#include "control/budget.hpp"

namespace iopslimit {

class SharedTotal final : public Allocator {
 public:
  void reset(const Targets& targets) override;
  bool add(const Workload& workload) override;
  bool remove(const Workload& workload) override;
  Limit allot(std::size_t target, const Workload&, const Limit& configured) const override {
    return budgets_[target].share(configured);
  }

 private:
  Targets targets_;
  std::vector<Budget> budgets_;  // one for each target
  bool divides_ = false;         // some target has a total
};

}  // namespace iopslimit
