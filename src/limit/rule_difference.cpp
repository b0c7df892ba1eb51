// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_difference.hpp"

#include <algorithm>

namespace iopslimit {

void add_changes(const std::vector<Rule>& wanted, const std::vector<Rule>& held,
                 std::vector<Rule>& writes) {
  for (const Rule& rule : wanted) {
    if (std::ranges::find(held, rule) == held.end()) writes.push_back(rule);
  }
  for (const Rule& rule : held) {
    const bool still_wanted = std::ranges::find(wanted, rule.device, &Rule::device) != wanted.end();
    if (!still_wanted) writes.push_back({rule.device, Limit{}});
  }
}

std::vector<Rule> changes(const std::vector<Rule>& wanted, const std::vector<Rule>& held) {
  std::vector<Rule> writes;
  add_changes(wanted, held, writes);
  return writes;
}

}  // namespace iopslimit
