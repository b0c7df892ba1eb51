// SPDX-License-Identifier: Apache-2.0
#include "calibrate/advice.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace iopslimit {

std::uint64_t two_figures(double value) {
  constexpr std::uint64_t three_figures = 100;
  constexpr std::uint64_t ten = 10;
  const auto whole = static_cast<std::uint64_t>(value);
  std::uint64_t step = 1;
  while (whole / step >= three_figures) step *= ten;
  return whole / step * step;
}

std::uint64_t headroom_of(const std::vector<std::uint64_t>& seconds) {
  constexpr double least = 2;
  constexpr double most = 30;
  constexpr double per_cent = 100;
  constexpr std::size_t tenth = 10;
  std::vector<std::uint64_t> later(
      seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2), seconds.end());
  if (later.empty()) return static_cast<std::uint64_t>(least);
  std::sort(later.begin(), later.end());
  const auto sum = std::accumulate(later.begin(), later.end(), std::uint64_t{0});
  if (sum == 0) return static_cast<std::uint64_t>(most);
  const double mean = static_cast<double>(sum) / static_cast<double>(later.size());
  const auto slow = static_cast<double>(later[(later.size() - 1) / tenth]);
  return static_cast<std::uint64_t>(
      std::clamp(std::ceil(per_cent * (mean - slow) / mean), least, most));
}

DiskAdvice advise(const Calibration& found) {
  constexpr double safe = 0.8;
  const std::array<std::pair<double, const char*>, 4> all{
      {{found.read.iops, "reads"},
       {found.mixed.iops, "reads and writes"},
       {found.write.iops, "writes"},
       {found.sustained.iops, "sustained writes"}}};
  const auto& weakest = *std::min_element(
      all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return {.total_iops = two_figures(safe * weakest.first),
          .headroom = headroom_of(found.sustained.seconds),
          .weakest = weakest.second};
}

}  // namespace iopslimit
