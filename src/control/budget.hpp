// SPDX-License-Identifier: Apache-2.0
// Divides the total among containers where the kernel has no hierarchy.
#pragma once

#include <cstdint>

#include "limit/limit.hpp"
#include "share/division.hpp"

namespace iopslimit {

/// Divides the total IOPS of one disk among the limited containers in proportion to their own
/// limits, separately for each direction. The throttling of cgroup v1 has no hierarchy
/// (blk-throttle.c, throtl_pd_init), so the total holds only through the sum of the shares.
class Budget {
 public:
  /// `total` is in IOPS for each direction; 0 = no total, every share is the full request.
  explicit Budget(std::uint64_t total = 0) : total_(total) {}

  void add(const Limit& request);
  void remove(const Limit& request);
  /// The share of a container with this request, given all requests added so far.
  Limit share(const Limit& request) const;

 private:
  std::uint64_t claim(std::uint64_t iops) const;
  std::uint64_t share(std::uint64_t iops, std::uint64_t claims) const;

  std::uint64_t total_;
  std::uint64_t read_claims_ = 0;
  std::uint64_t write_claims_ = 0;
};

}  // namespace iopslimit
