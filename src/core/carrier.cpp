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
  const bool said = std::exchange(bad_record, bad->why) == bad->why;
  return said ? Learned::nothing : Learned::bad_record;
}

}  // namespace iopslimit
