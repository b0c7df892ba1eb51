// SPDX-License-Identifier: Apache-2.0
// cgroup v1: blkio.throttle.{read,write}_{bps,iops}_device.
#pragma once

#include <string>

#include "core/limit_sink.hpp"
#include "host/cgroup_file.hpp"

namespace iopslimit {

/// Errors of write(): SinkError, or the system's own for anything else. A failure in the middle of
/// the four files is mended by the next write: each file is compared before it is written.
class BlkioFile final : public LimitSink {
 public:
  /// `root`: where the blkio hierarchy is mounted. Throws std::system_error when it cannot be
  /// opened.
  explicit BlkioFile(const std::string& root);

  std::error_code begin(const RulePlace& place, const Limit& limit) override;
  std::error_code write(const RulePlace& place, const Limit& limit) override;
  std::optional<Limit> read(const RulePlace& place) override;
  void forget(const RulePlace&) override {}

 private:
  std::error_code put(const RulePlace& place, const char* name, std::uint64_t value);

  CgroupFiles files_;
  std::string text_;  // kept for its capacity
};

}  // namespace iopslimit
