// SPDX-License-Identifier: Apache-2.0
// cgroup v2: io.max.
#pragma once

#include <string>

#include "cgroup/control_file.hpp"
#include "limit/backend.hpp"

namespace iopslimit {

/// Errors of write(): SinkError, or the system's own for anything else (EPERM, EIO).
class IoMaxFile final : public LimitSink {
 public:
  /// `root`: where the cgroup2 hierarchy is mounted. Throws std::system_error when it cannot be
  /// opened.
  explicit IoMaxFile(const std::string& root);

  std::error_code begin(const RulePlace& place, const Limit& limit) override;
  std::error_code write(const RulePlace& place, const Limit& limit) override;
  std::optional<Limit> read(const RulePlace& place) override;
  void forget(const RulePlace&) override {}

 private:
  CgroupFiles files_;
  std::string text_;  // kept for its capacity
};

}  // namespace iopslimit
