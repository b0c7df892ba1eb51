// SPDX-License-Identifier: Apache-2.0
// Paths remembered across restarts, in a file below /run/iops-limitd.
#pragma once

#include <sys/types.h>

#include <functional>
#include <set>
#include <string>

#include "limit/backend.hpp"
#include "loop/file.hpp"

namespace iopslimit {

/// The places that a file notes; none when there is no such file. A line that is cut short (the
/// machine stopped in the middle of it) or not ours is passed over.
std::set<RuleKey> noted_rules(const std::string& path);

/// The file alone has the notes, so that they cost no memory: a line for each, "+ 259:0
/// /kubepods/..." or "- ...". What is noted twice counts once. The file is rewritten when most of
/// it is history. One that cannot be written costs the memory of a restart, nothing else; what a
/// full disk had no room for is written with the next note.
class RuleKeyFile {
 public:
  /// What an earlier run noted in `path` stays. `warn` gets one text when the file cannot be
  /// kept: why not.
  RuleKeyFile(std::string path, std::function<void(const std::string&)> warn);

  /// Reads the file.
  std::set<RuleKey> keys() const { return noted_rules(path_); }
  void add(const RuleKey& key);
  void remove(const RuleKey& key);

 private:
  void append(char sign, const RuleKey& key);
  void rewrite(const std::set<RuleKey>& keys);
  void postpone(std::error_code error);
  void warn(std::error_code error);

  std::string path_;
  std::function<void(const std::string&)> warn_;
  File file_;
  std::string line_;  // what is not written yet
  bool postponed_ = false;
  off_t size_ = 0;  // of the file, in whole lines
  std::size_t lines_ = 0;
  std::size_t kept_ = 0;  // lines when it was last rewritten
};

}  // namespace iopslimit
