// SPDX-License-Identifier: Apache-2.0
// An advice of each kind.
#pragma once

#include <algorithm>
#include <vector>

#include "advice/advice.hpp"

namespace iopslimit {

inline std::vector<Advice> sample_advice() {
  constexpr std::uint64_t week = 6 * 86400 + 17280;
  const AdvisedLimit quiet{
      .limit = 500, .p50 = 2, .p95 = 40, .p99 = 310, .low = 10, .target = 46, .high = 414};
  const AdvisedLimit capped{.limit = 500,
                            .p50 = 210,
                            .p95 = 597,
                            .p99 = 597,
                            .at_limit_permille = 310,
                            .capped = true,
                            .low = 242,
                            .target = 690,
                            .high = 799};
  const AdvisedLimit sum{.limit = 3000, .p50 = 900, .p95 = 1800, .p99 = 2900, .target = 3335};
  return {{.total = true, .observed_seconds = week, .read = sum, .write = sum},
          {.pod_namespace = "shop",
           .workload = "db",
           .container = "db",
           .pods = "db-*",
           .observed_seconds = week,
           .read = capped,
           .write = quiet},
          {.pod_namespace = "shop",
           .workload = "db-proxy",
           .container = "db",
           .pods = "db-proxy-*",
           .observed_seconds = week,
           .read = quiet,
           .write = quiet},
          {.pod_namespace = "shop",
           .workload = "web",
           .container = "web",
           .pods = "web-*",
           .observed_seconds = 3 * 3600,
           .early = true,
           .read = quiet,
           .write = quiet},
          {.pod_namespace = "shop",
           .workload = "web",
           .container = "istio-proxy",
           .pods = "web-*",
           .observed_seconds = week,
           .exempt = true,
           .read = {.p50 = 5, .p95 = 9, .p99 = 9, .low = 10, .target = 10, .high = 12}}};
}

/// The same, as a service gives it: one after the other.
inline std::vector<Advice> sample_advice_after(const Advice* after) {
  const std::vector<Advice> all = sample_advice();
  const auto next = after == nullptr ? all.begin() : std::ranges::find(all, *after) + 1;
  return next == all.end() ? std::vector<Advice>() : std::vector{*next};
}

}  // namespace iopslimit
