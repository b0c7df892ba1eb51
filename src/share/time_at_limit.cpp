// SPDX-License-Identifier: Apache-2.0
#include "share/time_at_limit.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

std::int64_t hour_of(Moment now) {
  return std::chrono::duration_cast<std::chrono::hours>(now).count();
}

std::size_t slot_of(std::int64_t hour, std::size_t hours) {
  return static_cast<std::size_t>(hour) % hours;
}

}  // namespace

// Returns the part that was not counted yet.
Moment TimeAtLimit::Span::extend(Moment since, Moment now) {
  const Moment added = std::max(now - std::max(since, until), Moment{0});
  until = std::max(until, now);
  total += added;
  return added;
}

void TimeAtLimit::add(std::size_t direction, Moment since, Moment now) {
  spans_[direction].extend(since, now);
  const Moment added = either_.extend(since, now);
  const std::int64_t hour = hour_of(now);
  for (std::int64_t next = std::max(hour_ + 1, hour - static_cast<std::int64_t>(hours) + 1);
       next <= hour; ++next)
    msec_in_hour_[slot_of(next, hours)] = 0;
  hour_ = std::max(hour_, hour);
  msec_in_hour_[slot_of(hour_, hours)] += static_cast<std::uint32_t>(added.count());
}

Moment TimeAtLimit::day(Moment now) const {
  Moment sum{0};
  const std::int64_t first = hour_of(now) - static_cast<std::int64_t>(hours) + 1;
  for (std::int64_t hour = std::max<std::int64_t>(first, 0); hour <= hour_; ++hour) {
    if (hour > hour_ - static_cast<std::int64_t>(hours))
      sum += Moment{msec_in_hour_[slot_of(hour, hours)]};
  }
  return sum;
}

}  // namespace iopslimit
