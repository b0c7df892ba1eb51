// SPDX-License-Identifier: Apache-2.0
// The rules that a workload should have.
#pragma once

#include <vector>

#include "control/allocator.hpp"
#include "control/data_mounts.hpp"
#include "control/workload.hpp"
#include "limit/rule.hpp"

namespace iopslimit {

/// Appends the rules that follow from the workload's decision, and those of `held` that must stay.
void add_wanted_rules(const Workload& workload, const DataMounts& mounts,
                      const Allocator& allocator, std::vector<Rule>& rules);

}  // namespace iopslimit
