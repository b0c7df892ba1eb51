// SPDX-License-Identifier: Apache-2.0
// Which rules are ours, remembered across restarts: /run/iops-limitd/rules.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/limit_sink.hpp"
#include "host/file.hpp"

namespace iopslimit {

/// The rules that a ledger's file notes; none when there is no such file. A line that is cut short
/// (the machine stopped in the middle of it) or not ours is passed over.
std::set<RulePlace> noted_rules(const std::string& path);

/// A sink in front of another: notes a rule before it is written, so that no rule of ours is ever
/// without a note. The file has a line for each note, "+ 259:0 /kubepods/..." or "- ...", and is
/// rewritten when most of it is history. A file that cannot be written costs the memory of a
/// restart, never a limit.
class RuleLedger final : public LimitSink {
 public:
  /// Reads what an earlier run noted in `path`. `complain` gets one text when the file cannot be
  /// kept.
  RuleLedger(LimitSink& sink, std::string path, std::function<void(const std::string&)> complain);

  /// The rules noted so far.
  std::vector<RulePlace> rules() const { return {rules_.begin(), rules_.end()}; }

  std::error_code write(const RulePlace& place, const Limit& limit) override;
  std::optional<Limit> read(const RulePlace& place) override { return sink_.read(place); }
  void forget(const RulePlace& place) override;

 private:
  void append(char sign, const RulePlace& place);
  void rewrite();
  void failed(std::error_code error);

  LimitSink& sink_;
  std::string path_;
  std::function<void(const std::string&)> complain_;
  std::set<RulePlace> rules_;
  File file_;
  std::string line_;
  std::size_t lines_ = 0;
};

}  // namespace iopslimit
