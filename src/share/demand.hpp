// SPDX-License-Identifier: Apache-2.0
// Estimates from its I/O how much a container wants of one
// device in one direction.
#pragma once

#include <cstdint>

#include "share/division.hpp"
#include "share/rates.hpp"

namespace iopslimit {

/// A container that uses this part of its limit counts as held back by it: the kernel's slices
/// and the moments of the readings account for the rest.
inline constexpr double hungry_part = 0.85;
/// A container that uses this part over a second counts as at its limit.
inline constexpr double at_limit_part = 0.9;

/// What the configuration says of a container on a device in one direction.
struct Terms {
  std::uint64_t guarantee = 0;      ///< its configured limit in IOPS
  std::uint64_t guarantee_bps = 0;  ///< the same in bytes/s; 0 = unlimited
  /// The most that it may borrow up to, in IOPS; at least the guarantee.
  std::uint64_t ceiling = 0;
  std::uint64_t weight = 1;
  bool operator==(const Terms&) const = default;
};

/// Estimates future use from past use. Follows a rise at once and a fall in steps, so that a
/// limit does not change with each reading.
class Estimate {
 public:
  void follow(std::uint64_t target);
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0;
};

class Demand {
 public:
  void add(Moment now, std::uint64_t ios, std::uint64_t bytes);
  /// Returns the claim now. `limit` is the IOPS limit in force; `spare` is added to the
  /// estimate unless the container is hungry. Call it once for each reading.
  Claim claim(const Terms& terms, std::uint64_t limit, std::uint64_t spare);
  /// Call this when its limit was raised: for a moment its use does not show what it wants.
  void raised() { raised_ = now_; }

  /// True if it used up a limit over the last second, or over what is known of it: at least half a
  /// second. 0 = unlimited.
  bool is_at_limit(std::uint64_t iops, std::uint64_t bps) const;

  const Rates& ios() const { return ios_; }
  /// When its limit was raised last.
  Moment last_raised() const { return raised_; }
  /// True if it did nothing for ten seconds, or never since the first reading.
  bool is_quiet() const;
  /// What is kept free for it (Claim::need).
  std::uint64_t need() const { return need_; }

 private:
  bool is_hungry(const Terms& terms, std::uint64_t limit) const;
  bool exceeds(double rate) const;

  Rates ios_;
  Rates bytes_;
  Estimate reserve_;
  Estimate use_;
  std::uint64_t need_ = 0;
  Moment now_{0};
  Moment raised_{-3600000};
  Moment active_{-3600000};  // when it did anything last
  Moment whole_until_{-1};   // until then its need is its whole guarantee
};

}  // namespace iopslimit
