// SPDX-License-Identifier: Apache-2.0
// The back end for cgroup v2: io.max.
#pragma once

#include <string>

#include "cgroup/control_file.hpp"
#include "limit/backend.hpp"

namespace iopslimit {

/// Errors of set() and create(): ControlError, or the system's own for anything else (EPERM, EIO).
class IoMaxBackend final : public LimitBackend {
 public:
  /// `root`: the mount point of the cgroup2 hierarchy. Throws std::system_error when it cannot be
  /// opened.
  explicit IoMaxBackend(const std::string& root);

  Capabilities capabilities() const override { return capabilities_of(CgroupVersion::v2); }
  std::error_code create(const RuleKey& key, const Limit& limit) override;
  std::error_code set(const RuleKey& key, const Limit& limit, const Limit& held) override;
  std::optional<Limit> read(const RuleKey& key) override;
  void drop(const RuleKey&) override {}

 private:
  ControlFiles files_;
  std::string text_;  // kept to reuse its capacity
};

}  // namespace iopslimit
