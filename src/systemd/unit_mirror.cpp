// SPDX-License-Identifier: Apache-2.0
#include "systemd/unit_mirror.hpp"

#include <utility>

namespace iopslimit {

UnitProperties::UnitProperties(EventLoop& loop, Daemon& daemon, LimitSink& files,
                               CgroupVersion version, const std::string& folder,
                               const std::string& address, std::function<void(const Report&)> say,
                               SystemdWaits waits)
    : daemon_(daemon),
      say_(std::move(say)),
      notes_(folder + "/properties",
             [this](const std::string& text) {
               say_(news(Severity::warning, Action::none,
                         text + "; limits are not affected, but a restart will not know what "
                                "systemd was told of them"));
             }),
      rules_(files, version,
             {.tell = [this](const Report& report) { say_(report); },
              .note = [this](const RulePlace& place,
                             bool known) { known ? notes_.add(place) : notes_.remove(place); }}),
      systemd_(loop, address,
               {.ready = [this] { settle(); },
                .answered = [this](const UnitChange& change, UnitAnswer answer,
                                   const std::string& why) { answered(change, answer, why); },
                .say =
                    [this](const std::string& text, bool wrong) {
                      say_(news(wrong ? Severity::warning : Severity::info, Action::none, text));
                    }},
               waits) {
  for (const RulePlace& place : notes_.places()) rules_.adopt(place);
}

void UnitProperties::told(const Report& report) {
  if (report.action == Action::repaired) rules_.doubt(report.cgroup);
}

void UnitProperties::settle() {
  for (const UnitChange& change : rules_.changes(in_force())) {
    if (!systemd_.reachable() || systemd_.full()) return;  // ready, or an answer, leads here again
    rules_.sent(change);
    systemd_.set(change);
  }
}

UnitRules::InForce UnitProperties::in_force() {
  const Config& config = daemon_.config();
  rules_.configure(config.apply, config.where("[service] apply"));
  UnitRules::InForce rules;
  const auto see = [&](const std::string& cgroup, const Rule& rule, bool total) {
    if (rules_.takes(cgroup, rule.device, total, daemon_.targets())) rules[cgroup].push_back(rule);
  };
  daemon_.each_rule(see, rules_.takes_carriers());
  return rules;
}

void UnitProperties::answered(const UnitChange& change, UnitAnswer answer, const std::string& why) {
  rules_.answered(change, answer, why, in_force());
  settle();
}

}  // namespace iopslimit
