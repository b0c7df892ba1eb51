// SPDX-License-Identifier: Apache-2.0
// The operator's side of the service: what the bus hands out, what an operator may change, and what
// is remembered of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "api/bus_service.hpp"
#include "api/selector.hpp"
#include "api/snapshot.hpp"
#include "control/controller.hpp"
#include "control/pause_file.hpp"
#include "loop/event_loop.hpp"
#include "policy/pauses.hpp"
#include "report/event.hpp"

namespace iopslimit {

class Operator {
 public:
  struct Needs {
    /// Reads the configuration again; what is wrong with it, empty: it is in force.
    std::function<std::vector<std::string>()> reload;
    std::function<void(Event)> announce;
    std::function<void()> drain;  ///< sends what the controller has to tell
  };

  /// Pauses of an earlier run are in force from here on. `folder`: /run/iops-limitd. `address`: of
  /// the bus.
  Operator(EventLoop& loop, Controller& controller, const std::string& folder,
           const std::string& address, Needs needs);

  /// Each report that the controller has made: counted, and told on the bus.
  void on_event(const Event& event);
  void reloaded(bool refused);
  /// A burst of events is over: what changed of the devices is told.
  void synced();
  /// Everything, with the service's own part.
  Snapshot snapshot() const;
  /// See BusService::Answers.
  std::uint64_t revision() const { return controller_.revision() + own_changes_; }

 private:
  void pause(const Selector& selector, std::chrono::seconds span);
  bool resume(const Selector& selector);
  void pauses_changed();

  EventLoop& loop_;
  Controller& controller_;
  Needs needs_;
  PauseFile pause_file_;
  Pauses pauses_;
  Snapshot told_;                  // the service's own part
  std::uint64_t own_changes_ = 0;  // of told_
  std::vector<DeviceView> devices_;
  BusService bus_;
};

}  // namespace iopslimit
