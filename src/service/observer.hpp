// SPDX-License-Identifier: Apache-2.0
// Measures how many IOPS the workloads use, for advice about
// their limits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "advice/advice.hpp"
#include "advice/history.hpp"
#include "cgroup/io_counters.hpp"
#include "cgroup/io_meter.hpp"
#include "control/controller.hpp"
#include "loop/clock.hpp"
#include "loop/timer.hpp"
#include "report/event.hpp"

namespace iopslimit {

/// Tests pass one that they set.
struct ObserverClock {
  std::chrono::milliseconds period{15000};
  std::function<std::uint64_t()> now = wall_seconds;  ///< seconds since the epoch
  std::function<std::chrono::milliseconds()> monotonic = monotonic_msec;
};

/// Reads each container's counters every 15 s while those of the kubepods directories move.
/// While they do not move it sleeps; each check of the service tests whether they move again.
/// Writes nothing but its file.
class Observer {
 public:
  using Announce = std::function<void(const Event&)>;
  /// `file` is where the history is kept over restarts.
  Observer(EventLoop& loop, const Hierarchy& tree, const Controller& controller, std::string file,
           Announce announce, ObserverClock clock = {});

  /// Call it at each check of the service. Notes which workloads exist, wakes up if they do
  /// I/O, and saves every ten minutes.
  void check();
  /// The configuration has changed.
  void reconfigure();
  /// Saves what is known.
  void stop();

  /// Some of advice_after(). The minute that is not over yet does not count.
  std::vector<Advice> advice(const Advice* after = nullptr) {
    constexpr std::size_t at_once = 32;
    return advice_after(history_, after, at_once);
  }
  bool asleep() const { return !timer_.running() && cursor_.empty(); }

 private:
  using Msec = std::chrono::milliseconds;
  struct Reading {
    IoCounts counts;
    Msec at{0};
  };

  Minute minute() const { return clock_.now() / 60; }
  void load();
  void save();
  void see_all();
  WorkloadHistory* see(const Workload& workload);
  bool read_total();
  void tick();
  void scan();
  void read(const Workload& workload);
  void add_total(const IoCounts& before, Msec since);
  bool add_way(const Workload* workload, const Target& target, std::size_t direction,
               std::uint64_t ios, UsageSample& sample) const;

  const Controller& controller_;
  std::string file_;
  Announce announce_;
  ObserverClock clock_;
  IoMeter totals_;
  IoCounters counters_;
  Timer timer_;
  History history_;
  bool loaded_ = false;
  bool changed_ = false;  // since it was saved
  Msec saved_{0};
  std::error_code last_error_;  // of saving
  std::uint64_t round_ = 1;
  Reading total_;                        // of the kubepods directories
  Msec quiet_{0};                        // until then they had not moved
  std::map<SharedText, Reading> known_;  // by cgroup
  std::string cursor_;                   // the cgroup that was read last, in a scan
};

}  // namespace iopslimit
