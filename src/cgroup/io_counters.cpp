// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_counters.hpp"

#include <utility>

namespace iopslimit {

IoCounters::IoCounters(const Hierarchy& tree) : version_(tree.version), files_(tree.root) {}

std::optional<IoCounts> IoCounters::counts(const std::string& cgroup) {
  if (version_ == CgroupVersion::v2) {
    const auto text = files_.read(cgroup, "io.stat");
    if (!text) return std::nullopt;
    return parse_io_stat(*text);
  }
  IoCounts counts;
  auto text = files_.read(cgroup, "blkio.throttle.io_serviced");
  if (!text) return std::nullopt;
  add_blkio_counts(*text, true, counts);
  text = files_.read(cgroup, "blkio.throttle.io_service_bytes");
  if (!text) return std::nullopt;
  add_blkio_counts(*text, false, counts);
  return counts;
}

std::optional<std::uint64_t> IoCounters::stalled(const std::string& cgroup) {
  if (version_ == CgroupVersion::v1) return std::nullopt;
  const auto text = files_.read(cgroup, "io.pressure");
  return text ? parse_io_pressure(*text) : std::nullopt;
}

std::optional<IoDone> IoCounters::done(const std::string& cgroup) {
  auto counted = counts(cgroup);
  if (!counted) return std::nullopt;
  return IoDone{std::move(*counted), stalled(cgroup)};
}

}  // namespace iopslimit
