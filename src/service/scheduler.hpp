// SPDX-License-Identifier: Apache-2.0
// Decides when cgroup events are read and when deferred work runs. Cgroup events come first.
#pragma once

#include <chrono>
#include <functional>

#include "control/work_queue.hpp"
#include "loop/io.hpp"
#include "loop/timer.hpp"
#include "service/burst.hpp"

namespace iopslimit {

/// Deferred work runs in small steps when no cgroup has come for a moment, with a check for new
/// cgroups after each step, so that the next container waits for one step at most.
class Scheduler {
 public:
  struct Handlers {
    std::function<bool()> read_cgroups;  ///< returns true if a new cgroup came
    std::function<void()> finished;      ///< no work is left
  };

  /// `cgroups_fd` becomes readable when read_cgroups() has something to do.
  Scheduler(EventLoop& loop, int cgroups_fd, WorkQueue& work, Handlers handlers);

  /// There may be work; it runs when nothing of `normal` priority is pending, or when it has waited
  /// for half a second.
  void request() { run_after({}); }
  /// Runs what there is now.
  void run();
  /// Runs everything at once.
  void drain();

 private:
  void run_after(std::chrono::microseconds delay);
  void cgroups_readable();
  void read_cgroups();
  void finish();
  void take_turns(bool turns);

  WorkQueue& work_;
  Handlers handlers_;
  Io cgroups_;
  Timer idle_;
  Timer overdue_;  // from then on idle_ waits for others no longer
  Burst burst_;
  bool turns_ = false;  // the others get their turns between cgroup events
};

}  // namespace iopslimit
