// SPDX-License-Identifier: Apache-2.0
#include "share/division.hpp"

#include <algorithm>
#include <cmath>

namespace iopslimit {
namespace {

// One that takes part in a division, with the bounds of its result.
struct Part {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  std::uint64_t weight = 1;

  double at(double level) const {
    return std::clamp(level * static_cast<double>(weight), static_cast<double>(low),
                      static_cast<double>(high));
  }
};

// Where the sum of all parts, as a function of the level, changes its slope.
struct Bend {
  double level = 0;
  double slope = 0;  // what the part adds to it from here on
  auto operator<=>(const Bend&) const = default;
};

// The level at which the parts add up to `capacity`. It must be between the sums of the bounds. The
// bends are sorted, so that rounding does not depend on the order of the parts.
double level_for(const std::vector<Part>& parts, double capacity) {
  std::vector<Bend> bends;
  std::uint64_t lows = 0;
  for (const Part& part : parts) {
    const auto weight = static_cast<double>(part.weight);
    bends.push_back({static_cast<double>(part.low) / weight, weight});
    bends.push_back({static_cast<double>(part.high) / weight, -weight});
    lows += part.low;
  }
  std::ranges::sort(bends);
  auto sum = static_cast<double>(lows);
  double level = 0;
  double slope = 0;
  for (const Bend& bend : bends) {
    const double next = sum + slope * (bend.level - level);
    if (slope > 0 && next >= capacity) break;
    sum = next;
    level = bend.level;
    slope += bend.slope;
  }
  return slope > 0 ? level + (capacity - sum) / slope : level;
}

std::uint64_t sum_of(const std::vector<Part>& parts, std::uint64_t Part::*bound) {
  std::uint64_t sum = 0;
  for (const Part& part : parts) sum += part.*bound;
  return sum;
}

// By so much the rounding of the level may miss a whole number.
constexpr double rounding = 1e-6;

// Weighted max-min fairness between bounds.
std::vector<std::uint64_t> fill(const std::vector<Part>& parts, std::uint64_t capacity) {
  std::vector<std::uint64_t> filled;
  filled.reserve(parts.size());
  const bool all_low = sum_of(parts, &Part::low) >= capacity;
  const bool all_high = sum_of(parts, &Part::high) <= capacity;
  const double level = all_low || all_high ? 0 : level_for(parts, static_cast<double>(capacity));
  for (const Part& part : parts) {
    filled.push_back(all_high  ? part.high
                     : all_low ? part.low
                               : static_cast<std::uint64_t>(std::floor(part.at(level) + rounding)));
  }
  return filled;
}

bool may_exceed(const Claim& claim) {
  return std::min(claim.ceiling, claim.demand) > claim.guarantee;
}

std::vector<std::uint64_t> lend(std::span<const Claim> claims, std::uint64_t capacity) {
  std::vector<Part> parts;
  parts.reserve(claims.size());
  std::uint64_t left = capacity;
  for (const Claim& claim : claims) {
    if (may_exceed(claim)) {
      parts.push_back({claim.guarantee, std::min(claim.ceiling, claim.demand), claim.weight});
    } else {
      left -= claim.need;
    }
  }
  const std::vector<std::uint64_t> filled = fill(parts, left);
  std::vector<std::uint64_t> limits;
  limits.reserve(claims.size());
  auto next = filled.begin();
  for (const Claim& claim : claims) limits.push_back(may_exceed(claim) ? *next++ : claim.guarantee);
  return limits;
}

std::vector<std::uint64_t> cut(std::span<const Claim> claims, std::uint64_t capacity) {
  std::vector<Part> parts;
  parts.reserve(claims.size());
  for (const Claim& claim : claims) {
    const std::uint64_t demand = std::min(claim.demand, claim.guarantee);
    parts.push_back({std::min(least_iops, demand), demand, claim.weight});
  }
  std::vector<std::uint64_t> limits = fill(parts, capacity);
  for (std::size_t i = 0; i < limits.size(); ++i) {
    if (limits[i] >= parts[i].high) limits[i] = claims[i].guarantee;
  }
  return limits;
}

}  // namespace

std::vector<std::uint64_t> divide(std::span<const Claim> claims, std::uint64_t capacity,
                                  bool tight) {
  std::uint64_t needs = 0;
  std::uint64_t demands = 0;
  std::vector<std::uint64_t> guarantees;
  guarantees.reserve(claims.size());
  for (const Claim& claim : claims) {
    needs += std::max(claim.need, may_exceed(claim) ? claim.guarantee : 0);
    demands += std::min(claim.demand, claim.guarantee);
    guarantees.push_back(claim.guarantee);
  }
  if (needs <= capacity) return lend(claims, capacity);
  if (!tight || demands <= capacity) return guarantees;
  return cut(claims, capacity);
}

}  // namespace iopslimit
