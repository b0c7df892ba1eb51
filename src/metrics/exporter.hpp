// SPDX-License-Identifier: Apache-2.0
// The metrics: what is counted on the way, and when the file is written.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <system_error>

#include "api/snapshot.hpp"
#include "cgroup/hierarchy.hpp"
#include "cgroup/io_counters.hpp"
#include "disk/block_devices.hpp"
#include "loop/event_loop.hpp"
#include "metrics/families.hpp"
#include "metrics/histogram.hpp"
#include "report/event.hpp"

namespace iopslimit {

class MetricsExporter {
 public:
  static constexpr std::chrono::seconds usual_period{15};

  struct Needs {
    std::function<Snapshot()> snapshot;
    std::function<void(const Event&)> announce;
  };

  /// Nothing is written before write_to(). Throws std::system_error when the hierarchy cannot be
  /// opened.
  MetricsExporter(EventLoop& loop, const Hierarchy& tree, Needs needs,
                  std::chrono::microseconds period = usual_period);
  /// Removes the file: one that stays, and grows old, is that of a service that did not stop by
  /// itself.
  ~MetricsExporter();
  MetricsExporter(const MetricsExporter&) = delete;
  MetricsExporter& operator=(const MetricsExporter&) = delete;

  /// Writes the metrics to `path` now, and every period when nothing else is pending; empty =
  /// never. The file at the path of before is removed. A path that cannot be written is said once,
  /// and nothing else suffers.
  void write_to(const std::string& path);

  /// Each report that the controller has made.
  void on_event(const Event& event);

  /// The loop woke up for new cgroups; `writes` is Controller::writes(). Until events_over() limits
  /// are timed from here.
  void events_begin(std::uint64_t writes) noexcept;
  /// A cgroup is dealt with: timed when `writes` has grown. Nothing is allocated.
  void dealt_with(std::uint64_t writes) noexcept;
  void events_over() noexcept { woken_.reset(); }

 private:
  void write();
  Measured measure();
  std::map<Devnum, std::string> device_names(const Snapshot& snapshot) const;

  EventLoop& loop_;
  Needs needs_;
  std::chrono::microseconds period_;
  IoCounters io_;
  BlockDevices blocks_;
  std::string path_;
  std::error_code last_error_;
  DecisionCounts decisions_;
  Histogram event_to_limit_;
  std::optional<std::chrono::steady_clock::time_point> woken_;
  std::uint64_t writes_ = 0;
};

}  // namespace iopslimit
