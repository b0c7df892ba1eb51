// SPDX-License-Identifier: Apache-2.0
#include "control/pods_io.hpp"

#include <algorithm>
#include <limits>

#include "share/demand.hpp"

namespace iopslimit {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();

double part_of(double part, std::uint64_t limit) {
  return limit == 0 ? never : part * static_cast<double>(limit);
}

}  // namespace

void PodsIo::reset(const Targets& targets) {
  targets_ = targets;
  lanes_.assign(targets_.size(), {});
}

void PodsIo::add(Moment now, const IoCounts& counts) {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const IoCount count = count_on(counts, targets_[i].device.devnum);
    for (std::size_t direction = 0; direction < 2; ++direction) {
      lanes_[i][direction].ios.add(now, ios_of(count, direction));
      lanes_[i][direction].bytes.add(now, bytes_of(count, direction));
    }
  }
}

Moment PodsIo::time_at(std::uint64_t iops, std::uint64_t bps, Moment since, std::size_t target,
                       std::size_t direction) const {
  const auto time = [since](const Rates& rates, std::uint64_t limit) {
    constexpr double msec = 1000;
    const auto [count, passed] = rates.since(since);
    if (limit == 0) return Moment{0};
    const double needed = msec * static_cast<double>(count) / static_cast<double>(limit);
    return std::min(Moment{static_cast<std::int64_t>(needed)}, passed);
  };
  const Lane& lane = lanes_[target][direction];
  return std::max(time(lane.ios, iops), time(lane.bytes, bps));
}

bool PodsIo::exceeds(std::size_t target, const std::array<double, 2>& iops,
                     const std::array<double, 2>& bps) const {
  const auto& lanes = lanes_[target];
  return lanes[0].ios.second() >= iops[0] || lanes[1].ios.second() >= iops[1] ||
         lanes[0].bytes.second() >= bps[0] || lanes[1].bytes.second() >= bps[1];
}

bool PodsIo::has_io() const {
  constexpr double part = 0.02;
  constexpr double least = 10;  // where there is no total
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const double few = targets_[i].total_iops == 0 ? least : part_of(part, targets_[i].total_iops);
    if (exceeds(i, {few, few}, {never, never})) return true;
  }
  return false;
}

bool PodsIo::is_busy(const Limit& smallest) const {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const double total = targets_[i].is_shared() ? part_of(used_up, targets_[i].total_iops) : never;
    const std::array iops{std::min(total, part_of(hungry_part, smallest.read_iops)),
                          std::min(total, part_of(hungry_part, smallest.write_iops))};
    const std::array bps{part_of(hungry_part, smallest.read_bps),
                         part_of(hungry_part, smallest.write_bps)};
    if (exceeds(i, iops, bps)) return true;
  }
  return false;
}

}  // namespace iopslimit
