// SPDX-License-Identifier: Apache-2.0
#include "limit/limit.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "limit/combined_limit.hpp"

namespace iopslimit {
namespace {

// Returns "100 MiB/s" when that is exact, and plain bytes when it would be rounded.
std::string bytes_per_second(std::uint64_t bps) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 3> units{
      {{30U, " GiB/s"}, {20U, " MiB/s"}, {10U, " KiB/s"}}};
  for (const auto& unit : units) {
    if (bps % (std::uint64_t{1} << unit.first) != 0) continue;
    return std::to_string(bps >> unit.first) + std::string(unit.second);
  }
  return std::to_string(bps) + " bytes/s";
}

std::string direction(std::uint64_t iops, std::uint64_t bps) {
  if (iops == 0 && bps == 0) return "unlimited";
  std::string text = iops == 0 ? "" : std::to_string(iops) + " IOPS";
  if (bps != 0) text += (text.empty() ? "" : " and ") + bytes_per_second(bps);
  return text;
}

std::uint64_t smaller(std::uint64_t one, std::uint64_t other) {
  return one == 0 || other == 0 ? std::max(one, other) : std::min(one, other);
}

std::uint64_t part_of(std::uint64_t value, unsigned parts) {
  return value == 0 ? 0 : std::max(value / parts, min_limit);
}

}  // namespace

Limit stricter(const Limit& one, const Limit& other) {
  return combined(one, other, smaller, smaller);
}

Limit part_of(const Limit& limit, unsigned parts) {
  return {.read_iops = part_of(limit.read_iops, parts),
          .write_iops = part_of(limit.write_iops, parts),
          .read_bps = part_of(limit.read_bps, parts),
          .write_bps = part_of(limit.write_bps, parts)};
}

std::string to_string(const Limit& limit) {
  if (limit.unlimited()) return "unlimited";
  return "read " + direction(limit.read_iops, limit.read_bps) + ", write " +
         direction(limit.write_iops, limit.write_bps);
}

}  // namespace iopslimit
