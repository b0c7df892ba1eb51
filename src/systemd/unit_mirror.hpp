// SPDX-License-Identifier: Apache-2.0
// What systemd knows of the rules, kept in step with what is in force: the daemon's rules, what of
// them systemd is told, the bus, and what is remembered of it.
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

class UnitProperties {
 public:
  /// `files`: where the rules are in force. `folder`: /run/iops-limitd. `address`: of the bus.
  UnitProperties(EventLoop& loop, Daemon& daemon, LimitSink& files, CgroupVersion version,
                 const std::string& folder, const std::string& address,
                 std::function<void(const Report&)> say, SystemdWaits waits = {});

  /// Each report that the daemon has made: who changed a file may have changed the property.
  void told(const Report& report);
  /// A burst of events is over: systemd is told what it has to know. The rules are in force by
  /// their files already; nothing waits.
  void settle();
  /// Calls `done` when systemd has taken what it was told, or after some seconds.
  void finish(std::function<void()> done) { systemd_.finish(std::move(done)); }

 private:
  UnitRules::InForce in_force();
  void answered(const UnitChange& change, UnitAnswer answer, const std::string& why);

  Daemon& daemon_;
  std::function<void(const Report&)> say_;
  RuleNotes notes_;
  UnitRules rules_;
  SystemdUnit systemd_;
};

}  // namespace iopslimit
