// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_counters.hpp"

#include <utility>

namespace iopslimit {

CounterFiles::Names CounterFiles::own() const {
  if (one_) return {"io.stat", ""};
  return {"blkio.throttle.io_serviced", "blkio.throttle.io_service_bytes"};
}

CounterFiles::Names CounterFiles::recursive() const {
  if (one_) return own();
  return {"blkio.throttle.io_serviced_recursive", "blkio.throttle.io_service_bytes_recursive"};
}

void CounterFiles::add(std::string_view text, std::size_t index, IoCounts& counts) const {
  if (one_) {
    counts = parse_io_stat(text);
  } else {
    add_blkio_counts(text, index == 0, counts);
  }
}

IoCounters::IoCounters(const Hierarchy& tree)
    : version_(tree.version), names_(tree.version), files_(tree.root) {}

std::optional<IoCounts> IoCounters::counts(const std::string& cgroup) {
  IoCounts counts;
  const CounterFiles::Names names = names_.own();
  for (std::size_t i = 0; i < names.size() && !names[i].empty(); ++i) {
    const auto text = files_.read(cgroup, names[i]);
    if (!text) return std::nullopt;
    names_.add(*text, i, counts);
  }
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
