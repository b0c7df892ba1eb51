// SPDX-License-Identifier: Apache-2.0
#include "share/demand.hpp"

#include <algorithm>
#include <cmath>

namespace iopslimit {
namespace {

// A borrower that uses this part of its limit keeps its loan as it is.
constexpr double kept_part = 0.6;
// What is kept free for a container that is not hungry, as a multiple of its highest use in the
// last two seconds.
constexpr double margin = 1.25;
// An estimate falls only by more than this part.
constexpr double step_down = 0.85;
// How long the need of a container that has just begun I/O is its whole guarantee.
constexpr Moment hold{2000};
// How long a container counts as hungry after its limit was raised, because the last second was
// under the old limit.
constexpr Moment grace{1500};
constexpr Moment judged_over{700};
// A container whose mean over this time is near its limit counts as hungry, even if it does nothing
// now: after a change of a limit the kernel may let a burst through, and then nothing until the
// mean is the limit again.
constexpr Moment burst_and_pause{2500};

std::uint64_t up(double value) {
  return static_cast<std::uint64_t>(std::ceil(value));
}

}  // namespace

void Estimate::follow(std::uint64_t target) {
  const auto value = static_cast<double>(value_);
  if (target > value_ || static_cast<double>(target) < step_down * value) value_ = target;
}

void Demand::add(Moment now, std::uint64_t ios, std::uint64_t bytes) {
  now_ = now;
  ios_.add(now, ios);
  bytes_.add(now, bytes);
  if (ios_.tick() > 0) active_ = now;
}

bool Demand::is_quiet() const {
  constexpr Moment quiet_after{10000};
  return ios_.covered() != Moment{0} && now_ - active_ > quiet_after;
}

bool Demand::is_hungry(const Terms& terms, std::uint64_t limit) const {
  if (limit > terms.guarantee && now_ - raised_ < grace) return true;
  const auto reached = [](const Rates& rates, double threshold) {
    const double mean = std::max(rates.second(), rates.over(burst_and_pause));
    if (rates.covered() >= judged_over && mean >= threshold) return true;
    const bool has_just_stopped = rates.recent() < threshold / 2;
    return !has_just_stopped && rates.reached(threshold, 2);
  };
  if (reached(ios_, hungry_part * static_cast<double>(limit))) return true;
  if (terms.guarantee_bps == 0) return false;
  const double scale = static_cast<double>(limit) / static_cast<double>(terms.guarantee);
  return reached(bytes_, hungry_part * scale * static_cast<double>(terms.guarantee_bps));
}

bool Demand::is_at_limit(std::uint64_t iops, std::uint64_t bps) const {
  const auto is_used_up = [](const Rates& rates, std::uint64_t limit) {
    return limit != 0 && rates.second() >= at_limit_part * static_cast<double>(limit);
  };
  constexpr Moment least{450};  // two ticks
  return ios_.covered() >= least && (is_used_up(ios_, iops) || is_used_up(bytes_, bps));
}

// The last tick has clearly more than this rate: more than chance adds to the count of one tick.
bool Demand::exceeds(double rate) const {
  constexpr double chance = 3;
  const double seconds = ios_.tick_seconds();
  const double expected = rate * seconds;
  return ios_.tick() * seconds > expected + chance * std::sqrt(expected) + 2;
}

Claim Demand::claim(const Terms& terms, std::uint64_t limit, std::uint64_t spare) {
  if (exceeds(static_cast<double>(need_))) whole_until_ = now_ + hold;
  reserve_.follow(up(margin * ios_.peak()) + spare);
  use_.follow(up(exceeds(ios_.recent()) ? ios_.tick() : ios_.recent()) + 1);
  Claim claim{.guarantee = terms.guarantee,
              .ceiling = terms.ceiling,
              .weight = terms.weight,
              .hungry = is_hungry(terms, limit),
              .need = terms.guarantee,
              .demand = use_.value()};
  if (!claim.hungry && now_ >= whole_until_) claim.need = std::min(claim.need, reserve_.value());
  if (claim.hungry) {
    claim.demand = terms.ceiling;
  } else if (limit > terms.guarantee) {
    const bool keeps = ios_.second() > kept_part * static_cast<double>(limit);
    claim.demand = keeps ? limit : reserve_.value();
  }
  need_ = claim.need;
  return claim;
}

}  // namespace iopslimit
