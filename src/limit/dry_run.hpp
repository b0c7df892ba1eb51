// SPDX-License-Identifier: Apache-2.0
// A sink that pretends: everything happens but the writes.
#pragma once

#include <map>

#include "limit/backend.hpp"

namespace iopslimit {

/// Remembers what would have been written and reads it back; asks the real sink for anything else.
class DryRun final : public LimitSink {
 public:
  explicit DryRun(LimitSink& real) : real_(real) {}

  std::error_code begin(const RulePlace& place, const Limit& limit) override {
    return write(place, limit);
  }
  std::error_code write(const RulePlace& place, const Limit& limit) override {
    pretended_[place] = limit;
    return {};
  }
  std::optional<Limit> read(const RulePlace& place) override {
    const auto found = pretended_.find(place);
    return found == pretended_.end() ? real_.read(place) : std::optional(found->second);
  }
  void forget(const RulePlace& place) override { pretended_.erase(place); }

 private:
  LimitSink& real_;
  std::map<RulePlace, Limit> pretended_;
};

}  // namespace iopslimit
