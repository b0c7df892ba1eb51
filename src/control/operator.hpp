// SPDX-License-Identifier: Apache-2.0
// The operator's interface to the service: answers the bus, carries out an operator's changes, and
// remembers them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/bus_service.hpp"
#include "api/selector.hpp"
#include "api/snapshot.hpp"
#include "control/controller.hpp"
#include "control/pause_file.hpp"
#include "loop/timer.hpp"
#include "policy/pauses.hpp"
#include "report/event.hpp"

namespace iopslimit {

class Operator {
 public:
  struct Needs {
    /// Reads the configuration again. Returns its errors; empty if it is in force.
    std::function<std::vector<std::string>()> reload;
    std::function<void(Event)> announce;
    std::function<void()> drain;            ///< announces the controller's pending events
    std::function<void()> refresh = [] {};  ///< problems() has changed outside of a check
    std::string hierarchy = {};             ///< the one in use, see Snapshot
    /// See Snapshot::lines_dropped.
    std::function<std::uint64_t()> lines_dropped = [] { return std::uint64_t{0}; };
    /// Sets what the rest of the service knows: Snapshot::sharing, and what each container lends.
    std::function<void(Snapshot&)> add_rest = [](Snapshot&) {};
    /// See BusService::Answers.
    BusService::NextAdvice advice = [](const Advice*) { return std::vector<Advice>(); };
    std::function<BusService::PreviewAnswer(const Replacement&)> preview = {};
  };

  /// Puts the pauses of an earlier run in force. `folder` is /run/iops-limitd, `address` the
  /// address of the bus.
  Operator(EventLoop& loop, Controller& controller, const std::string& folder,
           const std::string& address, Needs needs);

  /// Counts an event of the controller and announces it on the bus.
  void on_event(const Event& event);
  void reloaded(bool refused);
  /// Shows a problem of the service as long as it lasts, and announces its begin and its end.
  /// `part` is what has the problem; an empty text means that it has none.
  void set_problem(const std::string& part, const std::string& text);
  const std::vector<std::string>& problems() const { return own_.problems; }
  /// What Needs::add_rest adds has changed.
  void sharing_changed() { ++own_changes_; }
  /// A burst of events is over: announces changes of the devices.
  void synced();
  /// The full snapshot, including the fields of the service itself.
  Snapshot snapshot() const;
  /// Some of its containers, see Lists::Containers.
  std::vector<WorkloadView> containers_after(const std::string& cgroup) const;
  Summary summary() const;
  /// See BusService::Answers.
  std::uint64_t revision() const {
    return controller_.node().revision + own_changes_ + needs_.lines_dropped();
  }

 private:
  void add_own_fields(Snapshot& snapshot) const;
  void complete(Snapshot& snapshot) const;
  void pause(const Selector& selector, std::chrono::seconds span);
  bool resume(const Selector& selector);
  void pauses_changed();

  Controller& controller_;
  Needs needs_;
  PauseFile pause_file_;
  Pauses pauses_;
  Timer next_end_;  // of a pause
  std::map<std::string, std::string> problems_;
  Snapshot own_;                   // the fields of the service itself
  std::uint64_t own_changes_ = 0;  // changes of own_
  std::vector<DeviceView> devices_;
  BusService bus_;
};

}  // namespace iopslimit
