// SPDX-License-Identifier: Apache-2.0
// How long one container was at its limit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "share/rates.hpp"

namespace iopslimit {

/// Counts each moment once, however many devices the container is limited on and however the
/// stretches overlap.
class TimeAtLimit {
 public:
  /// It was at its limit from `since` to `now`. `direction`: 0 for reads, 1 for writes.
  void add(std::size_t direction, Moment since, Moment now);

  Moment total(std::size_t direction) const { return spans_[direction].total; }
  /// The time during the last 24 hours, in either direction. The first hour counts whole.
  Moment day(Moment now) const;

 private:
  struct Span {
    Moment until{0};
    Moment total{0};
    Moment extend(Moment since, Moment now);
  };
  static constexpr std::size_t hours = 24;

  std::array<Span, 2> spans_;
  Span either_;
  std::array<std::uint32_t, hours> msec_in_hour_{};  // of either direction, a ring
  std::int64_t hour_ = 0;                            // the one that was added to last
};

}  // namespace iopslimit
