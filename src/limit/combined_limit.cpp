// SPDX-License-Identifier: Apache-2.0
#include "limit/combined_limit.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

std::uint64_t larger(std::uint64_t one, std::uint64_t other) {
  return one == 0 || other == 0 ? 0 : std::max(one, other);
}

std::uint64_t sum(std::uint64_t one, std::uint64_t other, std::uint64_t most) {
  return one == 0 || other == 0 || one > most - std::min(other, most) ? 0 : one + other;
}

}  // namespace

Limit laxer(const Limit& one, const Limit& other) {
  return combined(one, other, larger, larger);
}

Limit together(const Limit& one, const Limit& other) {
  const auto up_to = [](std::uint64_t most) {
    return [most](std::uint64_t a, std::uint64_t b) { return sum(a, b, most); };
  };
  return combined(one, other, up_to(max_iops), up_to(max_bps));
}

}  // namespace iopslimit
