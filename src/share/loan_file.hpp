// SPDX-License-Identifier: Apache-2.0
// Remembers across restarts which limits are above the
// configured ones, and the configured ones.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limit/backend.hpp"

namespace iopslimit {

/// A rule that is above its configured limit.
struct Loan {
  RuleKey key;
  Limit configured;
  bool operator==(const Loan&) const = default;
};

/// Parses the text of such a file. Skips lines that are no loans, because the file may be
/// damaged.
std::vector<Loan> parse_loans(std::string_view text);

/// The loans that a file notes; none when it does not exist.
std::vector<Loan> noted_loans(const std::string& path);

class LoanFile {
 public:
  explicit LoanFile(std::string path) : path_(std::move(path)) {}

  /// Notes these loans beside those that are noted already. On return they are in the file. False
  /// if it could not be written: then nothing may be lent.
  bool add(const std::vector<Loan>& loans);
  /// Replaces all notes with these.
  bool replace(const std::vector<Loan>& loans);

 private:
  bool write();

  std::string path_;
  std::map<RuleKey, Limit> noted_;
};

/// Takes back what an earlier run lent: writes the configured limit of each noted loan, where the
/// cgroup may carry a rule of the service, and removes the notes.
void recall_noted_loans(const std::string& path, LimitBackend& backend);

}  // namespace iopslimit
