// SPDX-License-Identifier: Apache-2.0
// A backend for tests: it remembers what it is told, and fails where it is told to.
#pragma once

#include <limits>
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
class RecordingBackend final : public LimitBackend {
 public:
  Capabilities capabilities() const override { return can; }
  std::error_code create(const RuleKey& key, const Limit& limit) override {
    begun.push_back(key);
    return set(key, limit, Limit{});
  }
  std::error_code set(const RuleKey& key, const Limit& limit, const Limit&) override {
    if (const auto failure = failures.find(key.cgroup); failure != failures.end() && failing > 0) {
      --failing;
      return failure->second;
    }
    if (key.device == refused) return ControlError::device_refused;
    writes.push_back(key);
    rules[key] = limit;
    if (limit.unlimited()) rules.erase(key);
    return {};
  }
  std::optional<Limit> read(const RuleKey& key) override {
    if (gone.contains(key.cgroup)) return std::nullopt;
    const auto found = rules.find(key);
    return found == rules.end() ? Limit{} : found->second;
  }
  void drop(const RuleKey& key) override { forgotten.push_back(key); }

  Limit of(const ContainerPath& container, Devnum device = {259, 0}) {
    return *read({container.cgroup, device});
  }

  Capabilities can;
  std::map<RuleKey, Limit> rules;
  std::vector<RuleKey> writes;
  std::vector<RuleKey> begun;  // of the writes, those of a place's first rule
  std::vector<RuleKey> forgotten;
  std::map<std::string, std::error_code> failures;
  int failing = std::numeric_limits<int>::max();  // so many calls fail
  std::optional<Devnum> refused;
  std::set<std::string> gone;  // cgroups that cannot be read
};

}  // namespace iopslimit
