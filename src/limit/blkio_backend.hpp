// SPDX-License-Identifier: Apache-2.0
// The back end for cgroup v1: blkio.throttle.{read,write}_{bps,iops}_device.
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

/// In the order in which a new container gets them: IOPS first, because most limits set only IOPS.
inline constexpr std::array<BlkioThrottle, 4> blkio_throttles{
    {{"blkio.throttle.read_iops_device", &Limit::read_iops},
     {"blkio.throttle.write_iops_device", &Limit::write_iops},
     {"blkio.throttle.read_bps_device", &Limit::read_bps},
     {"blkio.throttle.write_bps_device", &Limit::write_bps}}};

/// Errors of set() and create(): ControlError, or the system's own for anything else. If a write to
/// one of the four files fails, the files after it keep what they had.
class BlkioBackend final : public LimitBackend {
 public:
  /// `root`: the mount point of the blkio hierarchy. Throws std::system_error when it cannot be
  /// opened.
  explicit BlkioBackend(const std::string& root);

  Capabilities capabilities() const override { return capabilities_of(CgroupVersion::v1); }
  std::error_code create(const RuleKey& key, const Limit& limit) override;
  std::error_code set(const RuleKey& key, const Limit& limit, const Limit& held) override;
  std::optional<Limit> read(const RuleKey& key) override;
  std::optional<Limit> read_back(const RuleKey& key, const Limit& limit) override;
  void drop(const RuleKey&) override {}

 private:
  std::error_code put(const RuleKey& key, const char* name, std::uint64_t value);
  bool read_value(const RuleKey& key, const BlkioThrottle& throttle, Limit& limit);

  ControlFiles files_;
  std::string text_;  // kept to reuse its capacity
};

}  // namespace iopslimit
