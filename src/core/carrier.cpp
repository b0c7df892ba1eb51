// SPDX-License-Identifier: Apache-2.0
#include "core/carrier.hpp"

#include <utility>
#include <variant>

namespace iopslimit {

Counts& Counts::operator+=(const Counts& other) {
  limited += other.limited;
  exempt += other.exempt;
  failed += other.failed;
  return *this;
}

Counts& Counts::operator-=(const Counts& other) {
  limited -= other.limited;
  exempt -= other.exempt;
  failed -= other.failed;
  return *this;
}

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

void Carrier::count(Counts& counts, bool gone) {
  counts -= std::exchange(counted, {});
  if (gone) return;
  counted.failed = last_error ? 1 : 0;
  counted.exempt = decision.verdict == Verdict::exempt ? 1 : 0;
  counted.limited = !held.empty() && !last_error ? 1 : 0;
  counts += counted;
}

}  // namespace iopslimit
