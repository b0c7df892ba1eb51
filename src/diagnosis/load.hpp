// SPDX-License-Identifier: Apache-2.0
// The I/O rate of a container, from two samples of its counters.
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

/// The I/O counters of all containers at one moment.
struct IoSample {
  std::chrono::steady_clock::time_point taken;
  std::map<std::string, IoDone> of;  ///< by cgroup
};

/// The part of a limit that a rate is: 1 = all of it; 0 where there is no limit.
double part_of(double rate, std::uint64_t limit);

/// Rates per second, summed over all devices with rules.
struct Load {
  double read_iops = 0;
  double write_iops = 0;
  double read_bps = 0;
  double write_bps = 0;
  std::optional<double> use;      ///< highest share of a limit that is used: 1 = all of it
  std::optional<double> stalled;  ///< share of time in which a task waited for I/O: 0 to 1

  double iops() const { return read_iops + write_iops; }
  double bps() const { return read_bps + write_bps; }
};

/// What a cgroup did on one device between two samples; nothing if it is missing from one.
std::optional<Load> load_on(const std::string& cgroup, Devnum device, const IoSample& before,
                            const IoSample& after);

/// Returns nothing for a container that is missing from a sample. For a container without rules,
/// sums over `devices`.
std::optional<Load> load_of(const WorkloadView& container, const std::vector<Devnum>& devices,
                            const IoSample& before, const IoSample& after);

}  // namespace iopslimit
