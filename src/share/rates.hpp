// SPDX-License-Identifier: Apache-2.0
// The recent speed of one counter.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace iopslimit {

using Moment = std::chrono::milliseconds;  ///< on CLOCK_MONOTONIC

/// Remembers the last readings of a counter. All rates are per second.
class Rates {
 public:
  /// Takes in a reading; one of the same moment replaces the one before. A counter or a clock that
  /// went back starts anew: the counter is another one now.
  void add(Moment now, std::uint64_t count);
  void clear() { size_ = 0; }

  /// Since the reading before the last one; 0 until there are two.
  double tick() const;
  /// The seconds between the last two readings; 0 until there are two.
  double tick_seconds() const;
  /// Since two readings before the last one, or over what is known.
  double recent() const;
  /// Over the last second, or over what is known of it. The kernel throttles in slices of 100 ms
  /// (block/blk-throttle.c, DFL_THROTL_SLICE_HD), so that a single tick says little.
  double second() const { return over(Moment{1000}); }
  /// Over the last `time`, or over what is known of it.
  double over(Moment time) const { return mean_before(0, time); }
  /// The highest of second() now, half a second ago and a second ago.
  double peak() const;
  /// True if the rate of at least `most` of the last four ticks was `rate` or more.
  bool reached(double rate, int most) const;
  /// The count, and the time, between the latest reading that is not later than `since` (or the
  /// first one known) and the last one.
  struct Stretch {
    std::uint64_t count = 0;
    Moment time{0};
    bool operator==(const Stretch&) const = default;
  };
  Stretch since(Moment since) const;
  /// How much time the readings cover.
  Moment covered() const;

 private:
  struct Reading {
    Moment at{0};
    std::uint64_t count = 0;
  };
  static constexpr std::size_t room = 12;  // 2 s and more, at four readings a second

  const Reading& back(std::size_t steps) const { return readings_[(last_ + room - steps) % room]; }
  double between(std::size_t newer, std::size_t older) const;
  double mean_before(std::size_t newest, Moment time) const;

  std::array<Reading, room> readings_{};
  std::size_t last_ = 0;  // the index of the latest reading
  std::size_t size_ = 0;
};

}  // namespace iopslimit
