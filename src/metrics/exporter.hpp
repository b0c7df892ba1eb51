// SPDX-License-Identifier: Apache-2.0
// Counts events for the metrics and writes the metrics file, in pieces.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "api/snapshot.hpp"
#include "cgroup/hierarchy.hpp"
#include "cgroup/io_counters.hpp"
#include "disk/block_devices.hpp"
#include "metrics/families.hpp"
#include "metrics/histogram.hpp"
#include "metrics/textfile.hpp"
#include "report/event.hpp"

namespace iopslimit {

class MetricsExporter {
 public:
  struct Needs {
    std::function<Summary()> summary;
    /// Some containers, the next ones after this cgroup; none: there is no further one.
    std::function<std::vector<WorkloadView>(const std::string& after)> containers;
    /// The same of advice; null: from the first on.
    std::function<std::vector<Advice>(const Advice* after)> advice;
    std::function<void(const Event&)> announce;
  };

  /// Writes nothing before write_to() is called. Throws std::system_error if the hierarchy cannot
  /// be opened.
  MetricsExporter(EventLoop& loop, const Hierarchy& tree, Needs needs,
                  std::chrono::microseconds period = TextFile::usual_period);

  /// See TextFile.
  void write_to(const std::string& path) { file_.write_to(path); }

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
  class Text;

  TextFile::Step begin();
  Measured measure() const;
  bool add_containers(Text& text);
  bool add_advice(Text& text) const;
  std::map<Devnum, std::string> device_names(const Snapshot& snapshot) const;

  Needs needs_;
  IoCounters io_;
  BlockDevices blocks_;
  DecisionCounts decisions_;
  Histogram event_to_limit_;
  Histogram recalls_;
  std::optional<std::chrono::steady_clock::time_point> woken_;
  std::uint64_t writes_ = 0;
  TextFile file_;
};

}  // namespace iopslimit
