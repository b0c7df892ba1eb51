// SPDX-License-Identifier: Apache-2.0
// What a container may do to the disk.
#pragma once

#include <cstdint>
#include <string>

namespace iopslimit {

/// A limit for one device. IOPS and bytes per second, each direction by itself; 0 = unlimited.
struct Limit {
  std::uint64_t read_iops = 0;
  std::uint64_t write_iops = 0;
  std::uint64_t read_bps = 0;
  std::uint64_t write_bps = 0;

  bool operator==(const Limit&) const = default;
  bool unlimited() const { return *this == Limit{}; }
};

/// The largest IOPS value every kernel takes as a limit: 4294967295 means unlimited
/// (blk-throttle.c, tg_set_limit), and v1 stores 4294967296 as 0, which stalls the container.
inline constexpr std::uint64_t max_iops = 4294967294;
/// The largest bytes/s value a rule may hold: the kernel's "max" is the largest u64 itself.
inline constexpr std::uint64_t max_bps = 18446744073709551614U;
/// The smallest value every kernel takes: some refuse 1 with EINVAL.
inline constexpr std::uint64_t min_limit = 2;

/// IOPS, the same in each direction.
constexpr Limit symmetric(std::uint64_t iops) {
  return {.read_iops = iops, .write_iops = iops};
}

/// Of each value the smaller one; 0 = unlimited gives way.
Limit stricter(const Limit& one, const Limit& other);

/// One of `parts` equal parts of a limit, never below what every kernel takes.
Limit part_of(const Limit& limit, unsigned parts);

/// "read 500 IOPS, write 500 IOPS" with bytes/s when set; "unlimited" when nothing is.
std::string to_string(const Limit& limit);

}  // namespace iopslimit
