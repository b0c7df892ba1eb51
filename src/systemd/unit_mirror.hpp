// SPDX-License-Identifier: Apache-2.0
// What systemd knows of the rules, kept in step with what is in force: the controller's rules, what
// of them systemd is told, the bus, and what is remembered of it.
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
  /// `files`: where the rules are in force. `folder`: /run/iops-limitd. `address`: of the bus.
  UnitMirror(EventLoop& loop, Controller& controller, LimitBackend& files, CgroupVersion version,
             const std::string& folder, const std::string& address,
             std::function<void(const Event&)> announce, SystemdWaits waits = {});

  /// Each report that the controller has made: who changed a file may have changed the property.
  void on_event(const Event& event);
  /// A burst of events is over: systemd is told what it has to know. The rules are in force by
  /// their files already; nothing waits.
  void sync();
  /// Calls `done` when systemd has taken what it was told, or after some seconds.
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
