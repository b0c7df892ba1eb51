// SPDX-License-Identifier: Apache-2.0
// Remembers rule keys across restarts, in a file below /run/iops-limitd.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "limit/backend.hpp"
#include "loop/append_file.hpp"

namespace iopslimit {

/// Returns the rule keys that a file notes; none when the file does not exist. Skips a line that is
/// cut short (the machine stopped while it was written) or that has another format.
std::set<RuleKey> noted_rules(const std::string& path);

/// Only the file holds the notes, so that they need no memory: one line for each, "+ 259:0
/// /kubepods/..." or "- ...". A key that is noted twice counts once. The file is rewritten when
/// most of it is history. A note is in the file when add() or remove() returns, without a system
/// call in most cases (loop/append_file); behind the notes the file has zeros. If it cannot be
/// written, the only loss is that a restart does not know the rules. Notes that have no room on a
/// full disk are kept in memory, and written together with the next note or by retry().
class RuleKeyFile {
 public:
  /// Keeps the notes of an earlier run in `path`. `warn` receives one text when the file cannot be
  /// written, with the reason and `loss`, what follows from that; and one when it is written again.
  RuleKeyFile(std::string path, std::string loss, std::function<void(const std::string&)> warn);

  /// Reads the file.
  std::set<RuleKey> keys() const { return noted_rules(path_); }
  void add(const RuleKey& key);
  void remove(const RuleKey& key);
  /// Writes the notes that had no room. Makes no system call if there are none.
  void retry() {
    if (postponed_) write();
  }

 private:
  void append(char sign, const RuleKey& key);
  void write();
  std::error_code rewrite(const std::set<RuleKey>& keys);
  void shorten();

  std::string path_;
  std::string loss_;
  std::function<void(const std::string&)> warn_;
  AppendFile file_;
  std::string line_;  // the text that is not yet written
  std::size_t most_waiting_;
  bool postponed_ = false;
  std::size_t lines_ = 0;
  std::size_t kept_ = 0;  // number of lines at the last rewrite
};

}  // namespace iopslimit
