// SPDX-License-Identifier: Apache-2.0
// What the metrics are made of.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "advice/advice.hpp"
#include "api/snapshot.hpp"
#include "cgroup/io_stat.hpp"
#include "disk/devnum.hpp"
#include "metrics/histogram.hpp"

namespace iopslimit {

/// Decisions put in force since the start of the service.
struct DecisionCounts {
  std::uint64_t limited = 0;
  std::uint64_t exempted = 0;
  std::uint64_t failed = 0;
};

/// The input of the metrics.
struct Measured {
  Snapshot snapshot;
  StateCounts counts{};  ///< of all containers
  DecisionCounts decisions;
  Histogram event_to_limit;
  Histogram recalls;  ///< from the reading until limits were lowered
  std::vector<Advice> advice;
  std::map<std::string, IoDone> done;          ///< by cgroup
  std::map<Devnum, std::string> device_names;  ///< kernel names; without one: the number
  std::uint64_t now = 0;                       ///< seconds since the epoch
};

}  // namespace iopslimit
