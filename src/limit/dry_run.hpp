// SPDX-License-Identifier: Apache-2.0
// A back end that only pretends to write; everything else happens as usual.
#pragma once

#include <map>

#include "limit/backend.hpp"

namespace iopslimit {

/// Remembers the limits that would have been written and returns them from read(); reads all others
/// from the real back end.
class DryRun final : public LimitBackend {
 public:
  explicit DryRun(LimitBackend& real) : real_(real) {}

  Capabilities capabilities() const override { return real_.capabilities(); }
  std::error_code create(const RuleKey& key, const Limit& limit) override {
    pretended_[key] = limit;
    return {};
  }
  std::error_code set(const RuleKey& key, const Limit& limit, const Limit&) override {
    return create(key, limit);
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
