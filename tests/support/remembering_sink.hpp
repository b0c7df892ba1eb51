// SPDX-License-Identifier: Apache-2.0
// A sink for tests: it remembers what it is told, and fails where it is told to.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "core/container.hpp"
#include "core/limit_sink.hpp"

namespace iopslimit {

/// The kernel's side: what is in force, what was written, and what fails.
class RememberingSink final : public LimitSink {
 public:
  std::error_code write(const RulePlace& place, const Limit& limit) override {
    if (const auto failure = failures.find(place.cgroup); failure != failures.end())
      return failure->second;
    if (place.device == refused) return SinkError::device_refused;
    writes.push_back(place);
    rules[place] = limit;
    if (limit.unlimited()) rules.erase(place);
    return {};
  }
  std::optional<Limit> read(const RulePlace& place) override {
    if (gone.contains(place.cgroup)) return std::nullopt;
    const auto found = rules.find(place);
    return found == rules.end() ? Limit{} : found->second;
  }
  void claim(const RulePlace& place) override {
    claimed.push_back(place);
    if (rules.contains(place)) claimed_late.push_back(place);
  }
  void forget(const RulePlace& place) override { forgotten.push_back(place); }

  Limit of(const ContainerPath& container, Devnum device = {259, 0}) {
    return *read({container.cgroup, device});
  }

  std::map<RulePlace, Limit> rules;
  std::vector<RulePlace> writes;
  std::vector<RulePlace> claimed;
  std::vector<RulePlace> claimed_late;  // had a rule by then
  std::vector<RulePlace> forgotten;
  std::map<std::string, std::error_code> failures;
  std::optional<Devnum> refused;
  std::set<std::string> gone;  // cgroups that cannot be read
};

}  // namespace iopslimit
