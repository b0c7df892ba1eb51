// SPDX-License-Identifier: Apache-2.0
#include "limit/rule.hpp"

#include <cstddef>

namespace iopslimit {

std::string to_string(const std::vector<Rule>& rules) {
  std::string text;
  const Limit* last = nullptr;
  for (const Rule& rule : rules) {
    const bool same = last != nullptr && *last == rule.limit;
    if (!same) text += (text.empty() ? "" : "; ") + to_string(rule.limit) + " on ";
    text += (same ? ", " : "") + to_string(rule.device);
    last = &rule.limit;
  }
  return text;
}

}  // namespace iopslimit
