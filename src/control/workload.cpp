// SPDX-License-Identifier: Apache-2.0
#include "control/workload.hpp"

#include <utility>

#include "cgroup/control_error.hpp"
#include "limit/rule_difference.hpp"

namespace iopslimit {

Workload::Learned Workload::learn(RecordAnswer answer) {
  const auto* next = std::get_if<Record>(&answer);
  const bool good = next != nullptr;
  const bool told = good && next->from_socket;  // possibly since the record was read
  if (has_whole_record() && !read_again && !told) return Learned::nothing;
  if (good) read_again = false;
  const bool first = std::holds_alternative<NoRecord>(record);
  const bool adds = good || (std::holds_alternative<BadRecord>(answer) && names() == nullptr) ||
                    (std::holds_alternative<LargeRecord>(answer) && first);
  if (!adds || record == answer) return Learned::nothing;
  record = std::move(answer);
  if (good) return Learned::record;
  return is_large(record) ? Learned::nothing : Learned::bad_record;
}

bool Workload::changes_at_once(const std::vector<Rule>& wanted) const {
  return last_error == ControlError::not_held && !held.empty() && changes(wanted, held).empty();
}

Counts Workload::counts() const {
  return {.limited = is_counted() && !held.empty() && !last_error ? 1U : 0U,
          .exempt = is_counted() && decision.verdict == Verdict::exempt ? 1U : 0U,
          .failed = last_error ? 1U : 0U};
}

}  // namespace iopslimit
