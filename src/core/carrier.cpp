// SPDX-License-Identifier: Apache-2.0
#include "core/carrier.hpp"

#include <utility>
#include <variant>

namespace iopslimit {

Carrier::Learned Carrier::learn(const RecordAnswer& answer) {
  if (has_whole_record() && !read_again) return Learned::nothing;
  if (const auto* good = std::get_if<Record>(&answer)) {
    read_again = false;
    if (record == *good) return Learned::nothing;
    record = *good;
    return Learned::record;
  }
  const auto* bad = std::get_if<BadRecord>(&answer);
  if (bad == nullptr || record) return Learned::nothing;
  const bool told = std::exchange(bad_record, bad->why) == bad->why;
  return told ? Learned::nothing : Learned::bad_record;
}

void Carrier::count(Counts& counts) const {
  if (last_error) ++counts.failed;
  if (decision.verdict == Verdict::exempt) ++counts.exempt;
  if (!held.empty() && !last_error) ++counts.limited;
}

}  // namespace iopslimit
