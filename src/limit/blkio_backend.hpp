// SPDX-License-Identifier: Apache-2.0
// cgroup v1: blkio.throttle.{read,write}_{bps,iops}_device.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "cgroup/control_file.hpp"
#include "limit/backend.hpp"

namespace iopslimit {

/// A file that holds one value of a limit.
struct BlkioThrottle {
  const char* file;
  std::uint64_t Limit::*value;
};

/// In the order in which a new container meets them: IOPS first, they are what is usually set.
inline constexpr std::array<BlkioThrottle, 4> blkio_throttles{
    {{"blkio.throttle.read_iops_device", &Limit::read_iops},
     {"blkio.throttle.write_iops_device", &Limit::write_iops},
     {"blkio.throttle.read_bps_device", &Limit::read_bps},
     {"blkio.throttle.write_bps_device", &Limit::write_bps}}};

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
