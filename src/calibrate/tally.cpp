// SPDX-License-Identifier: Apache-2.0
#include "calibrate/tally.hpp"

#include <bit>
#include <cmath>

namespace iopslimit {
namespace {

// Each power of two is divided into so many ranges. Values below it have a range each.
constexpr std::uint64_t parts = 32;
constexpr unsigned parts_width = std::bit_width(parts);
constexpr std::size_t ranges = parts * (64 - parts_width + 2);

std::size_t range_of(std::uint64_t value) {
  const unsigned width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > parts_width ? width - parts_width : 0;
  return parts * shift + (value >> shift);
}

std::uint64_t largest_in(std::size_t range) {
  const std::uint64_t shift = range < parts ? 0 : range / parts - 1;
  return ((range - parts * shift + 1) << shift) - 1;
}

}  // namespace

Latencies::Latencies() : counts_(ranges) {}

void Latencies::add(std::uint64_t usec) {
  ++counts_[range_of(usec)];
  ++total_;
}

std::uint64_t Latencies::quantile(double share) const {
  const double wanted = std::ceil(share * static_cast<double>(total_));
  double seen = 0;
  for (std::size_t range = 0; range < counts_.size(); ++range) {
    seen += static_cast<double>(counts_[range]);
    if (seen >= wanted && seen > 0) return largest_in(range);
  }
  return 0;
}

Tally::Tally(const Phase& phase)
    : depth_(phase.depth),
      ramp_(phase.ramp),
      length_(phase.length),
      seconds_(static_cast<std::size_t>((phase.length - phase.ramp) / std::chrono::seconds(1))) {}

void Tally::add(std::chrono::nanoseconds at, std::chrono::nanoseconds latency) {
  if (at < ramp_ || at >= length_) return;
  ++count_;
  const auto second = static_cast<std::size_t>((at - ramp_) / std::chrono::seconds(1));
  if (second < seconds_.size()) ++seconds_[second];
  latencies_.add(static_cast<std::uint64_t>(latency / std::chrono::microseconds(1)));
}

Measurement Tally::result() const {
  constexpr double half = 0.5;
  constexpr double nearly_all = 0.99;
  const double span = std::chrono::duration<double>(length_ - ramp_).count();
  return {.depth = depth_,
          .iops = span > 0 ? static_cast<double>(count_) / span : 0,
          .p50_usec = latencies_.quantile(half),
          .p99_usec = latencies_.quantile(nearly_all),
          .seconds = seconds_};
}

}  // namespace iopslimit
