// SPDX-License-Identifier: Apache-2.0
// What a container does to its disks now, from two samples of what it did so far.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/io_stat.hpp"

namespace iopslimit {

/// What every container did so far.
struct IoSample {
  std::chrono::steady_clock::time_point taken;
  std::map<std::string, IoDone> of;  ///< by cgroup
};

/// Per second, all devices with rules together.
struct Load {
  double read_iops = 0;
  double write_iops = 0;
  double read_bps = 0;
  double write_bps = 0;
  std::optional<double> use;      ///< of its limit, where it is nearest to it: 1 = all
  std::optional<double> stalled;  ///< the share of time in which something waited for I/O: 0 to 1

  double iops() const { return read_iops + write_iops; }
  double bps() const { return read_bps + write_bps; }
};

/// Nothing for a container that is not in both samples. Of a container without rules `devices` are
/// counted.
std::optional<Load> load_of(const WorkloadView& container, const std::vector<Devnum>& devices,
                            const IoSample& before, const IoSample& after);

}  // namespace iopslimit
