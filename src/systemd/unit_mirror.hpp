// SPDX-License-Identifier: Apache-2.0
// Mirrors the rules in force to systemd: connects the controller's rules, the choice of rules to
// mirror, the client on the bus, and the file that remembers what systemd has.
#pragma once

#include <functional>
#include <string>

#include "control/controller.hpp"
#include "limit/rule_key_file.hpp"
#include "loop/event_loop.hpp"
#include "report/event.hpp"
#include "systemd/unit_client.hpp"
#include "systemd/unit_rules.hpp"

namespace iopslimit {

class UnitMirror {
 public:
  /// `files` is the back end in which the rules are in force, `folder` is /run/iops-limitd, and
  /// `address` is the address of the bus.
  UnitMirror(EventLoop& loop, Controller& controller, LimitBackend& files,
             const std::string& folder, const std::string& address,
             std::function<void(const Event&)> announce, SystemdWaits waits = {});

  /// Handles an event of the controller: whoever changed a limit file may have changed the property
  /// in systemd as well.
  void on_event(const Event& event);
  /// A burst of events is over: sends pending changes to systemd. The rules are already in force
  /// through the cgroup files, so nothing waits for this.
  void sync();
  /// Calls `done` when systemd has answered all calls, or after some seconds.
  void finish(std::function<void()> done) { systemd_.finish(std::move(done)); }

 private:
  UnitRules::InForce in_force();
  void answered(const UnitChange& change, UnitAnswer answer, const std::string& why);

  Controller& controller_;
  std::function<void(const Event&)> announce_;
  RuleKeyFile notes_;
  UnitRules rules_;
  UnitClient systemd_;
};

}  // namespace iopslimit
