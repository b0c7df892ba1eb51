// SPDX-License-Identifier: Apache-2.0
#include "limit/ownership_log.hpp"

namespace iopslimit {

OwnershipLog::OwnershipLog(LimitBackend& backend, std::string path,
                           const std::function<void(const std::string&)>& warn)
    : backend_(backend),
      notes_(std::move(path),
             "limits are not affected, but a restart will not know which rules the service wrote",
             warn) {}

std::vector<RuleKey> OwnershipLog::rules() const {
  const std::set<RuleKey> keys = notes_.keys();
  return {keys.begin(), keys.end()};
}

std::error_code OwnershipLog::create(const RuleKey& key, const Limit& limit) {
  notes_.add(key);
  const std::error_code error = backend_.create(key, limit);
  if (error == ControlError::cgroup_gone) drop(key);
  return error;
}

std::error_code OwnershipLog::set(const RuleKey& key, const Limit& limit, const Limit& held) {
  const std::error_code error = backend_.set(key, limit, held);
  if (limit.unlimited() && !error) drop(key);
  return error;
}

}  // namespace iopslimit
