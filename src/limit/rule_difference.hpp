// SPDX-License-Identifier: Apache-2.0
// Computes the writes that are needed to get from the current rules to the wanted ones.
#pragma once

#include <vector>

#include "limit/rule.hpp"

namespace iopslimit {

/// Returns the writes that lead from `held` to `wanted`: changed and new rules with their limit,
/// and rules on devices that are no longer wanted with an unlimited one.
std::vector<Rule> changes(const std::vector<Rule>& wanted, const std::vector<Rule>& held);
/// Appends them to `writes`.
void add_changes(const std::vector<Rule>& wanted, const std::vector<Rule>& held,
                 std::vector<Rule>& writes);

}  // namespace iopslimit
