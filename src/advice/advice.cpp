// SPDX-License-Identifier: Apache-2.0
#include "advice/advice.hpp"

#include <algorithm>
#include <cmath>

namespace iopslimit {
namespace {

constexpr double margin = 1.15;
constexpr double most_capped = 0.05;  // of the minutes at the limit
constexpr Minute day = Minute{24} * 60;
constexpr std::uint64_t least_advice = 10;  // as the least part of a total

std::uint64_t rounded(double iops) {
  return static_cast<std::uint64_t>(std::llround(iops));
}

std::uint64_t advised(double iops) {
  return std::max(least_advice, rounded(margin * iops));
}

AdvisedLimit limit_for(const WorkloadHistory::Way& way, std::uint64_t limit, double days,
                       bool total) {
  const double p50 = way.usage.quantile(0.5);
  const double p95 = way.usage.quantile(0.95);
  const double p99 = way.usage.quantile(0.99);
  const double minutes = std::max(way.minutes, 1e-30F);
  return {.limit = limit,
          .p50 = rounded(p50),
          .p95 = rounded(p95),
          .p99 = rounded(p99),
          .at_limit_permille = rounded(1000 * std::min(1.0, way.limited_seconds / minutes)),
          .capped = way.limited_minutes > most_capped * minutes,
          .low = advised(p50),
          .target = advised(total ? p99 : p95),
          .high = advised(p99 * (1 + 1 / std::max(days, 1.0 / day)))};
}

std::string pods_of(const WorkloadKey& key, const WorkloadFacts& facts) {
  if (facts.one_pod) return key.workload;
  return key.workload + (facts.cut_names ? "*" : "-*");
}

}  // namespace

Advice advice_for(const WorkloadKey& key, const WorkloadHistory& workload) {
  const Minute span = workload.last - std::min(workload.first, workload.last);
  const double days = static_cast<double>(span) / day;
  const bool total = key.is_total();
  return {.total = total,
          .pod_namespace = key.pod_namespace,
          .workload = key.workload,
          .container = key.container,
          .pods = total ? "" : pods_of(key, workload.facts),
          .observed_seconds = 60 * span,
          .early = span < day,
          .exempt = workload.facts.exempt,
          .read = limit_for(workload.ways[0], workload.facts.limits[0], days, total),
          .write = limit_for(workload.ways[1], workload.facts.limits[1], days, total)};
}

std::vector<Advice> advice_after(History& history, const Advice* after, std::size_t most) {
  WorkloadKey last;
  if (after != nullptr) last = {after->pod_namespace, after->workload, after->container};
  std::vector<Advice> some;
  for (const auto* next = history.after(after == nullptr ? nullptr : &last);
       next != nullptr && some.size() < most; next = history.after(&next->first))
    some.push_back(advice_for(next->first, next->second));
  return some;
}

}  // namespace iopslimit
