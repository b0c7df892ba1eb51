// SPDX-License-Identifier: Apache-2.0
// Counts durations in buckets. It allocates nothing, so it can be used on the hot path.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace iopslimit {

class Histogram {
 public:
  /// The upper bounds of all buckets except the last, which has none.
  static constexpr std::array<std::chrono::microseconds, 14> bounds{
      std::chrono::microseconds(50),      std::chrono::microseconds(100),
      std::chrono::microseconds(250),     std::chrono::microseconds(500),
      std::chrono::microseconds(1000),    std::chrono::microseconds(2500),
      std::chrono::microseconds(5000),    std::chrono::microseconds(10000),
      std::chrono::microseconds(25000),   std::chrono::microseconds(50000),
      std::chrono::microseconds(100000),  std::chrono::microseconds(250000),
      std::chrono::microseconds(1000000), std::chrono::microseconds(5000000)};

  void add(std::chrono::nanoseconds took) noexcept;

  /// The number of durations up to bounds[i]; with i = bounds.size(), the number of all.
  std::uint64_t up_to(std::size_t i) const noexcept;
  std::chrono::nanoseconds sum() const noexcept { return sum_; }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  std::chrono::nanoseconds sum_{0};
};

}  // namespace iopslimit
