// SPDX-License-Identifier: Apache-2.0
#include "limit/ownership_log.hpp"

namespace iopslimit {

RuleLedger::RuleLedger(LimitSink& sink, std::string path,
                       const std::function<void(const std::string&)>& complain)
    : sink_(sink), notes_(std::move(path), [complain](const std::string& text) {
        complain(text +
                 "; limits are not affected, but a restart will not know which rules are ours");
      }) {}

std::vector<RulePlace> RuleLedger::rules() const {
  const std::set<RulePlace> places = notes_.places();
  return {places.begin(), places.end()};
}

std::error_code RuleLedger::begin(const RulePlace& place, const Limit& limit) {
  notes_.add(place);
  const std::error_code error = sink_.begin(place, limit);
  if (error == SinkError::cgroup_gone) forget(place);
  return error;
}

std::error_code RuleLedger::write(const RulePlace& place, const Limit& limit) {
  const std::error_code error = sink_.write(place, limit);
  if (limit.unlimited() && !error) forget(place);
  return error;
}

}  // namespace iopslimit
