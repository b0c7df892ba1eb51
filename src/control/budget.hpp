// SPDX-License-Identifier: Apache-2.0
// The total's division where the kernel knows no hierarchy.
#pragma once

#include <cstdint>

#include "limit/limit.hpp"

namespace iopslimit {

/// The total IOPS of one disk, divided among the limited containers in proportion to their own
/// limits, each direction by itself. cgroup v1 has no hierarchy (blk-throttle.c, throtl_pd_init),
/// so the sum of the shares is what keeps the total.
class Budget {
 public:
  /// No container gets less than this, whatever the division says: it could not even exit in
  /// reasonable time.
  static constexpr std::uint64_t least_iops = 10;

  /// `total` in IOPS for each direction; 0 = no total, every share is the whole wish.
  explicit Budget(std::uint64_t total = 0) : total_(total) {}

  void add(const Limit& request);
  void remove(const Limit& request);
  /// What a container with this wish gets while the wishes added so far compete.
  Limit share(const Limit& request) const;

 private:
  std::uint64_t claim(std::uint64_t iops) const;
  std::uint64_t share(std::uint64_t iops, std::uint64_t claims) const;

  std::uint64_t total_;
  std::uint64_t read_claims_ = 0;
  std::uint64_t write_claims_ = 0;
};

}  // namespace iopslimit
