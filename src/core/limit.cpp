// SPDX-License-Identifier: Apache-2.0
#include "core/limit.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace iopslimit {
namespace {

// "100 MiB/s" where that is the whole truth, plain bytes where it would round.
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

}  // namespace

std::string to_string(const Limit& limit) {
  if (limit.unlimited()) return "unlimited";
  return "read " + direction(limit.read_iops, limit.read_bps) + ", write " +
         direction(limit.write_iops, limit.write_bps);
}

}  // namespace iopslimit
