// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_mirror.hpp"

#include <utility>

namespace iopslimit {

UnitMirror::UnitMirror(EventLoop& loop, Controller& controller, LimitBackend& files,
                       const std::string& folder, const std::string& address,
                       std::function<void(const Event&)> announce, SystemdWaits waits)
    : controller_(controller),
      announce_(std::move(announce)),
      notes_(folder + "/properties",
             "limits are not affected, but a restart will not know which limits systemd has",
             [this](const std::string& text) {
               announce_(service_event(Severity::warning, Action::none, text));
             }),
      rules_(files, {.emit = [this](const Event& event) { announce_(event); },
                     .note = [this](const RuleKey& key,
                                    bool known) { known ? notes_.add(key) : notes_.remove(key); }}),
      systemd_(loop, address,
               {.ready = [this] { sync(); },
                .answered = [this](const UnitChange& change, UnitAnswer answer,
                                   const std::string& why) { answered(change, answer, why); },
                .announce =
                    [this](const std::string& text, bool wrong) {
                      announce_(service_event(wrong ? Severity::warning : Severity::info,
                                              Action::none, text));
                    }},
               waits) {
  for (const RuleKey& key : notes_.keys()) rules_.adopt(key);
}

void UnitMirror::on_event(const Event& event) {
  if (event.action == Action::repaired) rules_.doubt(event.cgroup);
}

void UnitMirror::sync() {
  notes_.retry();
  for (const UnitChange& change : rules_.changes(in_force())) {
    if (!systemd_.reachable() || systemd_.full()) return;  // `ready` or an answer calls this again
    rules_.sent(change);
    systemd_.set(change);
  }
}

UnitRules::InForce UnitMirror::in_force() {
  const Config& config = controller_.node().config;
  rules_.configure(config.apply, config.where("[service] apply"));
  UnitRules::InForce rules;
  const auto see = [&](const std::string& cgroup, const Rule& rule, bool total) {
    if (rules_.takes(cgroup, rule.device, total, controller_.node().targets()))
      rules[cgroup].push_back(rule);
  };
  controller_.node().each_rule(see, rules_.takes_workloads());
  return rules;
}

void UnitMirror::answered(const UnitChange& change, UnitAnswer answer, const std::string& why) {
  rules_.answered(change, answer, why, in_force());
  sync();
}

}  // namespace iopslimit
