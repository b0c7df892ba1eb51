// SPDX-License-Identifier: Apache-2.0
// Counts events for the metrics and writes the metrics file.
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
#include "loop/timer.hpp"
#include "metrics/families.hpp"
#include "metrics/histogram.hpp"
#include "report/event.hpp"

namespace iopslimit {

class MetricsExporter {
 public:
  static constexpr std::chrono::seconds usual_period{15};

  struct Needs {
    std::function<Snapshot()> snapshot;
    std::function<std::vector<Advice>()> advice;
    std::function<void(const Event&)> announce;
  };

  /// Writes nothing before write_to() is called. Throws std::system_error if the hierarchy cannot
  /// be opened.
  MetricsExporter(EventLoop& loop, const Hierarchy& tree, Needs needs,
                  std::chrono::microseconds period = usual_period);
  /// Removes the file. Removed on a clean stop only; a stale file means a crash.
  ~MetricsExporter();
  MetricsExporter(const MetricsExporter&) = delete;
  MetricsExporter& operator=(const MetricsExporter&) = delete;

  /// Writes the metrics to `path` now and then once every period, when nothing else is pending;
  /// with an empty path, never. Removes the file at the previous path. If the path cannot be
  /// written, this is reported once and affects nothing else.
  void write_to(const std::string& path);

  /// Counts an event of the controller.
  void on_event(const Event& event);

  /// The loop woke up for new cgroups; `writes` is Controller::writes(). Until events_over(), the
  /// time to each limit is measured from this call.
  void events_begin(std::uint64_t writes) noexcept;
  /// A cgroup has been handled; its time is recorded if `writes` has grown. Allocates nothing.
  void dealt_with(std::uint64_t writes) noexcept;
  void events_over() noexcept { woken_.reset(); }
  /// Limits were lowered to share a disk, in this time since it was seen to be necessary.
  void recalled(std::chrono::nanoseconds took) noexcept { recalls_.add(took); }

 private:
  void write();
  Measured measure();
  std::map<Devnum, std::string> device_names(const Snapshot& snapshot) const;

  Needs needs_;
  std::chrono::microseconds period_;
  IoCounters io_;
  BlockDevices blocks_;
  std::string path_;
  std::error_code last_error_;
  DecisionCounts decisions_;
  Histogram event_to_limit_;
  Histogram recalls_;
  std::optional<std::chrono::steady_clock::time_point> woken_;
  std::uint64_t writes_ = 0;
  Timer timer_;
};

}  // namespace iopslimit
