// SPDX-License-Identifier: Apache-2.0
// From the rules that should hold and those that do to what has to be written.
#pragma once

#include <vector>

#include "limit/rule.hpp"

namespace iopslimit {

/// The writes that lead from `held` to `wanted`: changed and new rules with their limit, rules on
/// devices that are no longer wanted with an unlimited one.
std::vector<Rule> changes(const std::vector<Rule>& wanted, const std::vector<Rule>& held);

}  // namespace iopslimit
