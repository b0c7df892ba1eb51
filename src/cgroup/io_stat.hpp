// SPDX-License-Identifier: Apache-2.0
// Parses a cgroup's I/O on each disk: io.stat and io.pressure (cgroup v2), blkio.throttle.io_*
// (v1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "disk/devnum.hpp"

namespace iopslimit {

/// The I/O since the cgroup was created.
struct IoCount {
  std::uint64_t read_ios = 0;
  std::uint64_t write_ios = 0;
  std::uint64_t read_bytes = 0;
  std::uint64_t write_bytes = 0;
  bool operator==(const IoCount&) const = default;
};
using IoCounts = std::map<Devnum, IoCount>;

/// The counts of a device; zeros if it has none.
IoCount count_on(const IoCounts& counts, Devnum device);
/// Those of one direction: 0 for reads, 1 for writes.
constexpr std::uint64_t ios_of(const IoCount& count, std::size_t direction) {
  return direction == 0 ? count.read_ios : count.write_ios;
}
constexpr std::uint64_t bytes_of(const IoCount& count, std::size_t direction) {
  return direction == 0 ? count.read_bytes : count.write_bytes;
}

/// All I/O of a cgroup so far.
struct IoDone {
  IoCounts counts;
  std::optional<std::uint64_t> stalled_usec;  ///< see parse_io_pressure()
};

/// Parses a whole io.stat. Skips lines and keys that do not parse: a device without I/O may have no
/// keys, a hidden NVMe path no number (blk-cgroup.c, blkcg_print_one_stat).
IoCounts parse_io_stat(std::string_view text);

/// Adds the counts of a whole blkio.throttle.io_serviced (`ios`) or io_service_bytes file to
/// `counts`: "259:0 Read 12".
void add_blkio_counts(std::string_view text, bool ios, IoCounts& counts);

/// Returns the microseconds in which at least one process of the cgroup waited for I/O: `some ...
/// total=` of io.pressure (Documentation/accounting/psi.rst).
std::optional<std::uint64_t> parse_io_pressure(std::string_view text);

}  // namespace iopslimit
