// SPDX-License-Identifier: Apache-2.0
#include "control/workload.hpp"

#include <utility>

namespace iopslimit {

Workload::Learned Workload::learn(const RecordAnswer& answer) {
  if (has_whole_record() && !read_again) return Learned::nothing;
  const bool good = std::holds_alternative<Record>(answer);
  if (good) read_again = false;
  const bool adds = good || (std::holds_alternative<BadRecord>(answer) && names() == nullptr);
  if (!adds || record == answer) return Learned::nothing;
  record = answer;
  return good ? Learned::record : Learned::bad_record;
}

void Workload::count(Counts& counts, bool gone) {
  counts -= std::exchange(counted, {});
  if (gone) return;
  counted.failed = last_error ? 1 : 0;
  counted.exempt = decision.verdict == Verdict::exempt ? 1 : 0;
  counted.limited = !held.empty() && !last_error ? 1 : 0;
  counts += counted;
}

}  // namespace iopslimit
