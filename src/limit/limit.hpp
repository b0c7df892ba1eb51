// SPDX-License-Identifier: Apache-2.0
// The I/O that a container may do on a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace iopslimit {

/// A limit for one device: IOPS and bytes per second, separately for reads and writes; 0 =
/// unlimited.
struct Limit {
  std::uint64_t read_iops = 0;
  std::uint64_t write_iops = 0;
  std::uint64_t read_bps = 0;
  std::uint64_t write_bps = 0;

  bool operator==(const Limit&) const = default;
  bool unlimited() const { return *this == Limit{}; }
};

/// The values of one direction: 0 for reads, 1 for writes.
constexpr std::uint64_t iops_of(const Limit& limit, std::size_t direction) {
  return direction == 0 ? limit.read_iops : limit.write_iops;
}
constexpr std::uint64_t bps_of(const Limit& limit, std::size_t direction) {
  return direction == 0 ? limit.read_bps : limit.write_bps;
}

/// The largest IOPS value that every kernel accepts as a limit: 4294967295 means unlimited
/// (blk-throttle.c, tg_set_limit), and v1 stores 4294967296 as 0, which stalls the container.
inline constexpr std::uint64_t max_iops = 4294967294;
/// The largest bytes/s value that a rule may hold: the largest u64 itself is the kernel's "max".
inline constexpr std::uint64_t max_bps = 18446744073709551614U;
/// The smallest value that every kernel accepts: some refuse 1 with EINVAL.
inline constexpr std::uint64_t min_limit = 2;

/// A limit with the same IOPS for reads and writes.
constexpr Limit symmetric(std::uint64_t iops) {
  return {.read_iops = iops, .write_iops = iops};
}

/// Returns the smaller value of each pair; 0 = unlimited counts as larger than any limit.
Limit stricter(const Limit& one, const Limit& other);

/// Returns one of `parts` equal parts of a limit, but never less than the value that every kernel
/// accepts.
Limit part_of(const Limit& limit, unsigned parts);

/// Returns "read 500 IOPS, write 500 IOPS", with bytes/s when set; "unlimited" when no value is
/// set.
std::string to_string(const Limit& limit);

}  // namespace iopslimit
