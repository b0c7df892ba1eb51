// SPDX-License-Identifier: Apache-2.0
#include "advice/usage_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace iopslimit {

std::size_t UsageHistogram::bucket_of(double iops) {
  if (!(iops >= 1)) return 0;
  const double last = buckets - 1;
  return static_cast<std::size_t>(std::min(1 + std::log(iops) / std::log(step), last));
}

void UsageHistogram::scale(double factor) {
  idle_ = static_cast<float>(idle_ * factor);
  for (float& weight : busy_) weight = static_cast<float>(weight * factor);
}

float& UsageHistogram::at(std::size_t bucket) {
  if (bucket == 0) return idle_;
  if (busy_.size() < bucket) {
    busy_.reserve(bucket);  // and not twice as much
    busy_.resize(bucket);
  }
  return busy_[bucket - 1];
}

double UsageHistogram::quantile(double part) const {
  const double wanted = part * std::accumulate(busy_.begin(), busy_.end(), double{idle_});
  double sum = 0;
  std::size_t highest = 0;
  for (std::size_t bucket = 0; bucket <= busy_.size(); ++bucket) {
    if (weight(bucket) <= 0) continue;
    highest = bucket;
    sum += weight(bucket);
    if (sum >= wanted) break;
  }
  return highest == 0 ? 0 : std::pow(step, static_cast<double>(highest) - 0.5);
}

}  // namespace iopslimit
