// SPDX-License-Identifier: Apache-2.0
// Which rules are ours, remembered across restarts: /run/iops-limitd/rules.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "limit/backend.hpp"
#include "limit/rule_key_file.hpp"

namespace iopslimit {

/// A backend in front of another: notes a rule before it is written for the first time, so that no
/// rule of ours is ever without a note.
class OwnershipLog final : public LimitBackend {
 public:
  /// Reads what an earlier run noted in `path`. `warn` as in RuleKeyFile.
  OwnershipLog(LimitBackend& backend, std::string path,
               const std::function<void(const std::string&)>& warn);

  /// The rules noted so far, as the file has them.
  std::vector<RuleKey> rules() const;

  std::error_code create(const RuleKey& key, const Limit& limit) override;
  std::error_code set(const RuleKey& key, const Limit& limit) override;
  std::optional<Limit> read(const RuleKey& key) override { return backend_.read(key); }
  void drop(const RuleKey& key) override { notes_.remove(key); }

 private:
  LimitBackend& backend_;
  RuleKeyFile notes_;
};

}  // namespace iopslimit
