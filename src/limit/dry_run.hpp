// SPDX-License-Identifier: Apache-2.0
// A backend that pretends: everything happens but the writes.
#pragma once

#include <map>

#include "limit/backend.hpp"

namespace iopslimit {

/// Remembers what would have been written and reads it back; asks the real backend for anything
/// else.
class DryRun final : public LimitBackend {
 public:
  explicit DryRun(LimitBackend& real) : real_(real) {}

  std::error_code create(const RuleKey& key, const Limit& limit) override {
    return set(key, limit);
  }
  std::error_code set(const RuleKey& key, const Limit& limit) override {
    pretended_[key] = limit;
    return {};
  }
  std::optional<Limit> read(const RuleKey& key) override {
    const auto found = pretended_.find(key);
    return found == pretended_.end() ? real_.read(key) : std::optional(found->second);
  }
  void drop(const RuleKey& key) override { pretended_.erase(key); }

 private:
  LimitBackend& real_;
  std::map<RuleKey, Limit> pretended_;
};

}  // namespace iopslimit
