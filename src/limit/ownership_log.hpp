// SPDX-License-Identifier: Apache-2.0
// Remembers across restarts which rules this service wrote: /run/iops-limitd/rules.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "limit/backend.hpp"
#include "limit/rule_key_file.hpp"

namespace iopslimit {

/// A back end in front of another one. It notes a rule before the first write, so that every rule
/// of this service has a note.
class OwnershipLog final : public LimitBackend {
 public:
  /// Reads the notes of an earlier run from `path`. `warn` as in RuleKeyFile.
  OwnershipLog(LimitBackend& backend, std::string path,
               const std::function<void(const std::string&)>& warn);

  /// Returns the rules noted so far, as the file has them.
  std::vector<RuleKey> rules() const;

  Capabilities capabilities() const override { return backend_.capabilities(); }
  std::error_code create(const RuleKey& key, const Limit& limit) override;
  std::error_code set(const RuleKey& key, const Limit& limit, const Limit& held) override;
  std::optional<Limit> read(const RuleKey& key) override { return backend_.read(key); }
  std::optional<Limit> read_back(const RuleKey& key, const Limit& limit) override {
    return backend_.read_back(key, limit);
  }
  void retry_notes() override { notes_.retry(); }
  void drop(const RuleKey& key) override { notes_.remove(key); }

 private:
  LimitBackend& backend_;
  RuleKeyFile notes_;
};

}  // namespace iopslimit
