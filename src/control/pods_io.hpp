// SPDX-License-Identifier: Apache-2.0
// The I/O of all pods together, on each device that carries rules.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "cgroup/io_stat.hpp"
#include "control/target.hpp"
#include "share/rates.hpp"

namespace iopslimit {

/// A total counts as used up at this part of it, because I/O stays somewhat below the limit
/// that the kernel enforces, above all in a virtual machine whose clock is late.
inline constexpr double used_up = 0.75;

class PodsIo {
 public:
  /// The devices or their totals have changed. Forgets every reading.
  void reset(const Targets& targets);
  void forget() { lanes_.assign(targets_.size(), {}); }
  void add(Moment now, const IoCounts& counts);

  /// `target` is an index into the targets; `direction`: 0 for reads, 1 for writes.
  const Rates& ios(std::size_t target, std::size_t direction) const {
    return lanes_[target][direction].ios;
  }
  /// How long a container with this limit would have been at it since `since` (see Rates) if
  /// it had done all the I/O of the pods; 0 = unlimited.
  Moment time_at(std::uint64_t iops, std::uint64_t bps, Moment since, std::size_t target,
                 std::size_t direction) const;
  /// True if the pods do more than a few I/Os.
  bool has_io() const;
  /// True if some total is nearly used up, or the pods together reach `smallest`, the lowest
  /// limit of a container.
  bool is_busy(const Limit& smallest) const;

 private:
  struct Lane {
    Rates ios;
    Rates bytes;
  };
  bool exceeds(std::size_t target, const std::array<double, 2>& iops,
               const std::array<double, 2>& bps) const;

  Targets targets_;
  std::vector<std::array<Lane, 2>> lanes_;  // one for each target
};

}  // namespace iopslimit
