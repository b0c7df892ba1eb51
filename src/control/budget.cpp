// SPDX-License-Identifier: Apache-2.0
#include "control/budget.hpp"

#include <algorithm>

namespace iopslimit {

// The weight of a request in the division: no container can use more than the total, and an
// unlimited request counts as the whole total.
std::uint64_t Budget::claim(std::uint64_t iops) const {
  return iops == 0 ? total_ : std::min(iops, total_);
}

void Budget::add(const Limit& request) {
  read_claims_ += claim(request.read_iops);
  write_claims_ += claim(request.write_iops);
}

void Budget::remove(const Limit& request) {
  read_claims_ -= claim(request.read_iops);
  write_claims_ -= claim(request.write_iops);
}

std::uint64_t Budget::share(std::uint64_t iops, std::uint64_t claims) const {
  const std::uint64_t claimed = claim(iops);
  if (total_ == 0 || claims <= total_) return total_ == 0 ? iops : claimed;
  // Both factors are below 2^32, so the product fits.
  return std::max(total_ * claimed / claims, std::min(claimed, least_iops));
}

Limit Budget::share(const Limit& request) const {
  Limit limit = request;
  limit.read_iops = share(request.read_iops, read_claims_);
  limit.write_iops = share(request.write_iops, write_claims_);
  return limit;
}

}  // namespace iopslimit
