// SPDX-License-Identifier: Apache-2.0
// How often a workload did how many IOPS: weights in exponential buckets.
#pragma once

#include <cstddef>
#include <vector>

namespace iopslimit {

/// Bucket 0 is idle: less than 1 IOPS. Each further one reaches from `step` times to the next, the
/// last one to infinity (from about 97,000 IOPS).
class UsageHistogram {
 public:
  static constexpr double step = 1.2;
  static constexpr std::size_t buckets = 65;

  void add(double iops, double weight) { at(bucket_of(iops)) += static_cast<float>(weight); }
  void add_idle(double weight) { idle_ += static_cast<float>(weight); }
  /// Multiplies every weight.
  void scale(double factor);
  /// The IOPS that `part` (0 to 1) of the weight does not exceed: the middle of their bucket, so at
  /// most 10 % off; 0 when idle or empty.
  double quantile(double part) const;

  float weight(std::size_t bucket) const {
    if (bucket == 0) return idle_;
    return bucket <= busy_.size() ? busy_[bucket - 1] : 0;
  }
  /// `bucket` is less than `buckets`.
  void set_weight(std::size_t bucket, float weight) { at(bucket) = weight; }
  bool operator==(const UsageHistogram&) const = default;

 private:
  static std::size_t bucket_of(double iops);
  float& at(std::size_t bucket);

  float idle_ = 0;
  std::vector<float> busy_;  // up to the highest bucket in use: many workloads use none
};

}  // namespace iopslimit
