// SPDX-License-Identifier: Apache-2.0
// Places remembered across restarts, in a file below /run/iops-limitd.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "core/limit_sink.hpp"
#include "host/file.hpp"

namespace iopslimit {

/// The places that a file notes; none when there is no such file. A line that is cut short (the
/// machine stopped in the middle of it) or not ours is passed over.
std::set<RulePlace> noted_rules(const std::string& path);

/// The file has a line for each note, "+ 259:0 /kubepods/..." or "- ...", and is rewritten when
/// most of it is history. A file that cannot be written costs the memory of a restart, nothing
/// else.
class RuleNotes {
 public:
  /// Reads what an earlier run noted in `path`. `complain` gets one text when the file cannot be
  /// kept: why not.
  RuleNotes(std::string path, std::function<void(const std::string&)> complain);

  const std::set<RulePlace>& places() const { return places_; }
  void add(const RulePlace& place);
  void remove(const RulePlace& place);

 private:
  void append(char sign, const RulePlace& place);
  void rewrite();
  void failed(std::error_code error);

  std::string path_;
  std::function<void(const std::string&)> complain_;
  std::set<RulePlace> places_;
  File file_;
  std::string line_;
  std::size_t lines_ = 0;
};

}  // namespace iopslimit
