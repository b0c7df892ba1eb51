// SPDX-License-Identifier: Apache-2.0
// A sink for tests: it remembers what it is told, and fails where it is told to.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "cgroup/path.hpp"
#include "limit/backend.hpp"

namespace iopslimit {

/// The kernel's side: what is in force, what was written, and what fails.
class RememberingSink final : public LimitSink {
 public:
  std::error_code begin(const RulePlace& place, const Limit& limit) override {
    begun.push_back(place);
    return write(place, limit);
  }
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
  void forget(const RulePlace& place) override { forgotten.push_back(place); }

  Limit of(const ContainerPath& container, Devnum device = {259, 0}) {
    return *read({container.cgroup, device});
  }

  std::map<RulePlace, Limit> rules;
  std::vector<RulePlace> writes;
  std::vector<RulePlace> begun;  // of the writes, those of a place's first rule
  std::vector<RulePlace> forgotten;
  std::map<std::string, std::error_code> failures;
  std::optional<Devnum> refused;
  std::set<std::string> gone;  // cgroups that cannot be read
};

}  // namespace iopslimit
