// SPDX-License-Identifier: Apache-2.0
#include "metrics/histogram.hpp"

#include <algorithm>
#include <numeric>

namespace iopslimit {

void Histogram::add(std::chrono::nanoseconds took) noexcept {
  const auto* const bucket = std::ranges::lower_bound(bounds, took);
  ++counts_[static_cast<std::size_t>(bucket - bounds.begin())];
  sum_ += took;
}

std::uint64_t Histogram::up_to(std::size_t i) const noexcept {
  const auto end = counts_.begin() + static_cast<std::ptrdiff_t>(i) + 1;
  return std::accumulate(counts_.begin(), end, std::uint64_t{0});
}

}  // namespace iopslimit
