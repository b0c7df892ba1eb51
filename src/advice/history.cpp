// SPDX-License-Identifier: Apache-2.0
#include "advice/history.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace iopslimit {
namespace {

constexpr double at_least = 1.2;  // times the rate of a sample that was held back
constexpr double minute_seconds = 60;
// A float reaches 2^127, and has to hold the sum of some days.
constexpr double most_exponent = 32;
// Checks are at most a day apart. After a longer leap of the clock nobody knows who was there.
constexpr Minute longest_idle = 24 * 60 + 1;

}  // namespace

History::History(std::chrono::seconds half_life, Minute reference, Minute now, Workloads workloads)
    : half_life_(half_life), reference_(reference), now_(now), workloads_(std::move(workloads)) {}

void History::set_half_life(std::chrono::seconds half_life) {
  if (half_life == half_life_) return;
  rescale(now_);
  half_life_ = half_life;
}

// ---- time ----

// A clock that was set back takes the past with it: the order of what happened stays.
void History::advance(Minute now) {
  if (now_ == 0) reference_ = now;
  if (now < now_) {
    finish_before(UINT64_MAX);
    reference_ -= std::min(reference_, now_ - now);
    for (auto& [key, one] : workloads_) {
      one.first = std::min(one.first, now);
      one.last = std::min(one.last, now);
      one.counted = std::min(one.counted, now);
    }
  }
  now_ = now;
  const double half_lives = static_cast<double>(now - std::min(now, reference_)) * minute_seconds /
                            static_cast<double>(half_life_.count());
  if (half_lives > most_exponent) rescale(now);
}

void History::rescale(Minute reference) {
  const double factor = 1 / weight(reference, reference + 1);
  for (auto& [key, one] : workloads_) {
    for (WorkloadHistory::Way& way : one.ways) {
      way.usage.scale(factor);
      for (float* part : {&way.minutes, &way.limited_minutes, &way.limited_seconds})
        *part = static_cast<float>(*part * factor);
    }
  }
  reference_ = reference;
}

// Of the minutes from `from` until before `to`: the sum of 2^((minute - reference) / half-life).
double History::weight(Minute from, Minute to) const {
  const double one = std::log(2.0) * minute_seconds / static_cast<double>(half_life_.count());
  const double first = one * (static_cast<double>(from) - static_cast<double>(reference_));
  return std::exp(first) * std::expm1(one * static_cast<double>(to - from)) / std::expm1(one);
}

// ---- workloads ----

// Drops the one that was not seen for longest, unless that one exists.
bool History::make_room(std::uint64_t round) {
  if (workloads_.size() < most_workloads) return true;
  if (full_in_ == round) return false;
  const auto oldest = std::min_element(
      workloads_.begin(), workloads_.end(),
      [](const auto& one, const auto& other) { return one.second.last < other.second.last; });
  if (oldest->second.round + 1 >= round) {
    full_in_ = round;
    return false;
  }
  workloads_.erase(oldest);
  return true;
}

WorkloadHistory* History::see(const WorkloadKey& key, const WorkloadFacts& facts, Minute now,
                              std::uint64_t round) {
  advance(now);
  auto found = workloads_.find(key);
  if (found == workloads_.end()) {
    if (!make_room(round)) return nullptr;
    found =
        workloads_.emplace(key, WorkloadHistory{.facts = facts, .first = now, .last = now}).first;
    found->second.counted = now;
  }
  WorkloadHistory& one = found->second;
  const bool was_away = one.round + 1 < round || now - one.last > longest_idle;
  if (was_away) {
    finish(one);
    add_idle(one, one.last);
    one.counted = std::max(one.counted, now);
  }
  one.last = now;
  one.round = round;
  for (std::size_t i = 0; i < facts.limits.size(); ++i) {
    if (facts.limits[i] == one.facts.limits[i]) continue;
    add_idle(one, now);
    WorkloadHistory::Way& way = one.ways[i];
    way.minutes = way.limited_minutes = way.limited_seconds = 0;
  }
  one.facts = facts;
  return &one;
}

void History::add(WorkloadHistory& workload, const UsageSample& sample, Minute now) {
  advance(now);
  WorkloadHistory::Pending& pending = workload.pending;
  if (pending.minute != now) finish(workload);
  pending.minute = now;
  for (std::size_t i = 0; i < sample.ways.size(); ++i) {
    const auto& [iops, at_limit, limited] = sample.ways[i];
    pending.iops[i] = std::max(pending.iops[i], at_limit && limited ? at_least * iops : iops);
    if (at_limit) pending.limited_seconds[i] += sample.seconds;
  }
}

bool History::finish_before(Minute now) {
  bool any = false;
  for (auto& [key, one] : workloads_) {
    if (one.pending.minute == 0 || one.pending.minute >= now) continue;
    finish(one);
    any = true;
  }
  return any;
}

void History::finish(WorkloadHistory& workload) {
  const auto pending = std::exchange(workload.pending, {});
  if (pending.minute == 0) return;
  add_idle(workload, pending.minute);
  const double one = weight(pending.minute, pending.minute + 1);
  for (std::size_t i = 0; i < workload.ways.size(); ++i) {
    WorkloadHistory::Way& way = workload.ways[i];
    way.usage.add(pending.iops[i], one);
    way.minutes += static_cast<float>(one);
    if (pending.limited_seconds[i] == 0) continue;
    way.limited_minutes += static_cast<float>(one);
    const double part = std::min(1.0, pending.limited_seconds[i] / minute_seconds);
    way.limited_seconds += static_cast<float>(one * part);
  }
  workload.counted = pending.minute + 1;
}

// Until before the minute `until`, and before the one that is not over yet.
void History::add_idle(WorkloadHistory& workload, Minute until) {
  if (workload.pending.minute != 0) until = std::min(until, workload.pending.minute);
  if (until <= workload.counted) return;
  const double idle = weight(workload.counted, until);
  for (WorkloadHistory::Way& way : workload.ways) {
    way.usage.add_idle(idle);
    way.minutes += static_cast<float>(idle);
  }
  workload.counted = until;
}

void History::drop_old() {
  std::erase_if(workloads_, [this](const auto& one) { return one.second.last + kept < now_; });
}

const History::Workloads::value_type* History::after(const WorkloadKey* key) {
  const auto next = key == nullptr ? workloads_.begin() : workloads_.upper_bound(*key);
  if (next == workloads_.end()) return nullptr;
  add_idle(next->second, next->second.last);
  return &*next;
}

const History::Workloads& History::workloads() {
  for (auto& [key, one] : workloads_) add_idle(one, one.last);
  return workloads_;
}

}  // namespace iopslimit
