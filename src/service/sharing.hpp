// SPDX-License-Identifier: Apache-2.0
// Runs the rounds of FairShare: reads the counters of those
// that do I/O, counts the time at their limits, puts the division in force, and sleeps while
// nobody is held back.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/io_counters.hpp"
#include "cgroup/io_meter.hpp"
#include "cgroup/pressure_trigger.hpp"
#include "control/controller.hpp"
#include "control/fair_share.hpp"
#include "control/times_at_limit.hpp"
#include "loop/io.hpp"
#include "loop/timer.hpp"
#include "share/loan_file.hpp"

namespace iopslimit {

/// asleep: every limit is the configured one. Reads the counters once a second while the pods
/// do I/O, and more often after a pressure trigger; where there are triggers, it does not read
/// while there is no I/O. sharing: begins when a reading shows that a container may be at its
/// limit, or that the total is nearly used up; ends when neither was so, and all limits were
/// the configured ones, for ten seconds. recalled: every limit is the configured one for half a
/// minute, because the counters cannot be read. Where no total is shared, it does the same only
/// to count the time at the limit, and users see the state off.
class Sharing {
 public:
  struct Needs {
    std::function<void(const Event&)> announce;
    /// Limits were lowered; `took` is the time since the counters were read.
    std::function<void(std::chrono::microseconds took)> recalled;
    std::function<void()> changed;  ///< what add_to() adds has changed
  };

  /// `loans` is the file that notes the loans.
  Sharing(EventLoop& loop, const Hierarchy& tree, Controller& controller, FairShare& share,
          std::string loans, Needs needs);

  /// The targets, the kubepods directories or the configuration may have changed.
  void sync();
  /// One reading while asleep, for what raises no pressure. Called at each check of the service.
  void check();
  /// Somebody else changed a limit: that workload keeps its configured limit for a while.
  void on_event(const Event& event);
  /// A cgroup is gone.
  void forget(const std::string& cgroup) {
    times_.forget(cgroup);
    meter_.forget(cgroup);
  }
  /// How many cgroups' counters are kept open.
  std::size_t kept() const { return meter_.kept(); }
  /// Gives every workload its configured limit, and shares nothing from now on.
  void stop();

  /// Sets Snapshot::sharing, and for each container what it lends and how long it was at its limit.
  void add_to(Snapshot& snapshot) const;

 private:
  void set_state(ShareState state);
  void fall_asleep();
  void wake();
  void watch();
  void round();
  void next_round();
  bool read_total();
  void read_members();
  void scan();
  void add(const Workload& workload, const IoCounts& counts);
  void put_in_force(const std::vector<const Workload*>& changed);
  void recall(const std::string& why);
  void announce_changes(std::size_t before);
  bool is_needed();
  // True if no trigger reports that sharing is needed, so only a reading can show it.
  bool is_unreported() const { return triggers_.empty() && share_.shares(); }
  const Limit& smallest_limit();
  ShareState shown_state() const { return share_.shares() ? state_ : ShareState::off; }
  bool is_inside(const Workload& workload) const;

  EventLoop& loop_;
  const Hierarchy& tree_;
  Controller& controller_;
  FairShare& share_;
  LoanFile loans_;
  Needs needs_;
  IoMeter meter_;
  IoCounters scanned_;
  ShareState state_ = ShareState::off;
  std::vector<std::string> roots_;  // the kubepods directories
  std::vector<std::unique_ptr<PressureTrigger>> triggers_;
  std::vector<std::unique_ptr<Io>> trigger_io_;
  Timer timer_;                          // the next round, or the next reading while asleep
  Moment planned_{0};                    // when the next round is due
  Moment last_needed_{0};                // when it was seen last that sharing is needed
  Moment last_io_{0};                    // when the pods did I/O last
  Moment triggered_{0};                  // the latest pressure
  std::chrono::microseconds credit_{0};  // of processor time
  Moment credited_{0};
  int failures_ = 0;  // of reading, in a row
  bool trigger_is_dead_ = false;
  bool announced_ = false;  // that nothing is shared, until a reading succeeds
  TimesAtLimit times_;
  std::string scanned_until_;  // the cgroup
  Limit smallest_;
  std::uint64_t smallest_at_ = 0;  // the revision of the node that it is of
  Moment begun_{0};                // the first changed limit
  ShareCounts before_;             // at that moment
  std::chrono::microseconds worst_recall_{0};
};

}  // namespace iopslimit
