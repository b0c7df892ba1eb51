// SPDX-License-Identifier: Apache-2.0
// The metric families for Prometheus as values: names, help texts, labels. packaging/ and
// docs/metrics.md use these names; a test compares them.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

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
  DecisionCounts decisions;
  Histogram event_to_limit;
  std::map<std::string, IoDone> done;          ///< by cgroup
  std::map<Devnum, std::string> device_names;  ///< kernel names; without one: the number
  std::uint64_t now = 0;                       ///< seconds since the epoch
};

/// Every family, in a fixed order; a family without values has no metric. No two metrics of a
/// family have the same labels. Label values are valid UTF-8 without control characters, whatever a
/// pod's author wrote. Pod sandboxes are counted but not listed.
std::vector<prometheus::MetricFamily> metrics_of(const Measured& measured);

}  // namespace iopslimit
