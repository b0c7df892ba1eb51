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

/// A total counts as used up at this part: the kernel does not reach what it is told, above all
/// where the clock of a virtual machine is late.
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
  /// For how long of the time since `since` (see Rates) one at this limit was at it, if it did all
  /// that the pods did; 0 = unlimited.
  Moment time_at(std::uint64_t iops, std::uint64_t bps, Moment since, std::size_t target,
                 std::size_t direction) const;
  /// True if the pods do more than a few I/Os.
  bool has_io() const;
  /// True if some total is nearly used up, or the pods together do what one that has the limit
  /// `smallest` can do.
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
