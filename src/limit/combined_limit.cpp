// SPDX-License-Identifier: Apache-2.0
#include "limit/combined_limit.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

std::uint64_t laxer(std::uint64_t one, std::uint64_t other) {
  return one == 0 || other == 0 ? 0 : std::max(one, other);
}

std::uint64_t together(std::uint64_t one, std::uint64_t other, std::uint64_t most) {
  return one == 0 || other == 0 || one > most - std::min(other, most) ? 0 : one + other;
}

}  // namespace

Limit laxer(const Limit& one, const Limit& other) {
  return {.read_iops = laxer(one.read_iops, other.read_iops),
          .write_iops = laxer(one.write_iops, other.write_iops),
          .read_bps = laxer(one.read_bps, other.read_bps),
          .write_bps = laxer(one.write_bps, other.write_bps)};
}

Limit together(const Limit& one, const Limit& other) {
  return {.read_iops = together(one.read_iops, other.read_iops, max_iops),
          .write_iops = together(one.write_iops, other.write_iops, max_iops),
          .read_bps = together(one.read_bps, other.read_bps, max_bps),
          .write_bps = together(one.write_bps, other.write_bps, max_bps)};
}

}  // namespace iopslimit
