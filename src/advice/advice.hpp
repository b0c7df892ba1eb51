// SPDX-License-Identifier: Apache-2.0
// Which limit a workload needs, from what it used.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "advice/history.hpp"

namespace iopslimit {

/// For reads, or for writes. In IOPS.
struct AdvisedLimit {
  std::uint64_t limit = 0;  ///< the configured one; 0 = none
  std::uint64_t p50 = 0;    ///< of the minutes, newer ones weigh more
  std::uint64_t p95 = 0;
  std::uint64_t p99 = 0;
  std::uint64_t at_limit_permille = 0;  ///< of the time
  bool capped = false;                  ///< the limit hides what it needs: the advice is "at least"
  std::uint64_t low = 0;
  std::uint64_t target = 0;  ///< what to set
  std::uint64_t high = 0;
  bool operator==(const AdvisedLimit&) const = default;
};

/// One container of a workload, or the sum of all pods (`total`).
struct Advice {
  bool total = false;
  std::string pod_namespace;
  std::string workload;
  std::string container;
  std::string pods;                    ///< a pattern for the names of its pods
  std::uint64_t observed_seconds = 0;  ///< between the first time and the last one
  bool early = false;                  ///< less than a day: do not rely on it
  bool exempt = false;
  AdvisedLimit read;
  AdvisedLimit write;
  bool operator==(const Advice&) const = default;
};

Advice advice_for(const WorkloadKey& key, const WorkloadHistory& workload);

/// Of all workloads by name, the sum of all pods first: at most so many, those after this one.
std::vector<Advice> advice_after(History& history, const Advice* after = nullptr,
                                 std::size_t most = SIZE_MAX);

}  // namespace iopslimit
