// SPDX-License-Identifier: Apache-2.0
// Which rules are ours, remembered across restarts: /run/iops-limitd/rules.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "limit/backend.hpp"
#include "limit/rule_key_file.hpp"

namespace iopslimit {

/// A sink in front of another: notes a rule before it is written for the first time, so that no
/// rule of ours is ever without a note.
class RuleLedger final : public LimitSink {
 public:
  /// Reads what an earlier run noted in `path`. `complain` as in RuleNotes.
  RuleLedger(LimitSink& sink, std::string path,
             const std::function<void(const std::string&)>& complain);

  /// The rules noted so far, as the file has them.
  std::vector<RulePlace> rules() const;

  std::error_code begin(const RulePlace& place, const Limit& limit) override;
  std::error_code write(const RulePlace& place, const Limit& limit) override;
  std::optional<Limit> read(const RulePlace& place) override { return sink_.read(place); }
  void forget(const RulePlace& place) override { notes_.remove(place); }

 private:
  LimitSink& sink_;
  RuleNotes notes_;
};

}  // namespace iopslimit
