// SPDX-License-Identifier: Apache-2.0
// What each workload of the node used in the last days. Newer minutes weigh more.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "advice/usage_histogram.hpp"

namespace iopslimit {

using Minute = std::uint64_t;  ///< since the epoch

/// All empty: the sum of all pods.
struct WorkloadKey {
  std::string pod_namespace;
  std::string workload;
  std::string container;  ///< empty with scope = pod
  auto operator<=>(const WorkloadKey&) const = default;
  bool is_total() const { return pod_namespace.empty(); }
};

/// What a workload did for some seconds: reads first, then writes.
struct UsageSample {
  struct Way {
    double iops = 0;
    bool at_limit = false;
    bool limited = false;  ///< that limit was in force: it might have done more without it
  };
  std::array<Way, 2> ways;
  double seconds = 0;
};

/// What is known of a workload apart from its I/O.
struct WorkloadFacts {
  std::array<std::uint64_t, 2> limits{};  ///< configured, read and write IOPS; 0 = none
  bool exempt = false;
  bool one_pod = false;    ///< its pods have its own name, without any suffix
  bool cut_names = false;  ///< its name ends somewhere inside the pods' names
  bool operator==(const WorkloadFacts&) const = default;
};

struct WorkloadHistory {
  /// Reads, or writes. All weights are relative to History::reference.
  struct Way {
    UsageHistogram usage;
    // Since the limit was set; the minutes at the limit, and the seconds at it divided by 60.
    float minutes = 0;
    float limited_minutes = 0;
    float limited_seconds = 0;
    bool operator==(const Way&) const = default;
  };
  /// The minute that is not over yet.
  struct Pending {
    Minute minute = 0;  ///< 0 = none
    std::array<double, 2> iops{};
    std::array<double, 2> limited_seconds{};
    bool operator==(const Pending&) const = default;
  };

  std::array<Way, 2> ways;
  WorkloadFacts facts;
  Minute first = 0;
  Minute last = 0;
  Minute counted = 0;       ///< the minutes before this one are in the histograms
  std::uint64_t round = 0;  ///< when it was seen last
  Pending pending = {};
  bool operator==(const WorkloadHistory&) const = default;
};

/// A minute counts by the largest mean of some seconds in it. A sample at a limit that is in force
/// says "at least": it counts at 1.2 times its rate. A minute without samples is an idle one, if
/// the workload was there. Idle minutes are added together when something else happens.
class History {
 public:
  static constexpr std::size_t most_workloads = 4096;
  static constexpr Minute kept = Minute{8} * 24 * 60;
  using Workloads = std::map<WorkloadKey, WorkloadHistory>;

  explicit History(std::chrono::seconds half_life) : half_life_(half_life) {}
  /// One that was saved at the minute `now`.
  History(std::chrono::seconds half_life, Minute reference, Minute now, Workloads workloads);

  /// The weights known so far stay in proportion.
  void set_half_life(std::chrono::seconds half_life);

  /// The workload exists. `round` counts the calls for all that exist: whoever was not seen in the
  /// one before has been away, and was not idle. The result is valid until the next drop_old(), or
  /// see() of an unknown workload; null if there is no room.
  WorkloadHistory* see(const WorkloadKey& key, const WorkloadFacts& facts, Minute now,
                       std::uint64_t round);
  /// Takes in a sample of this minute. Of several in a minute the largest counts, in each
  /// direction.
  void add(WorkloadHistory& workload, const UsageSample& sample, Minute now);
  /// Counts the samples of the minutes before this one. Returns true if there were any.
  bool finish_before(Minute now);
  /// Drops those that were not seen for eight days.
  void drop_old();

  /// With all idle minutes until each was seen last.
  const Workloads& workloads();
  /// The same of one alone, the first one after this key; null if there is none. Without a key: of
  /// the first one.
  const Workloads::value_type* after(const WorkloadKey* key);
  std::chrono::seconds half_life() const { return half_life_; }
  Minute reference() const { return reference_; }
  Minute now() const { return now_; }

 private:
  void advance(Minute now);
  void rescale(Minute reference);
  double weight(Minute from, Minute to) const;
  void add_idle(WorkloadHistory& workload, Minute until);
  void finish(WorkloadHistory& workload);
  bool make_room(std::uint64_t round);

  std::chrono::seconds half_life_;
  Minute reference_ = 0;  // a sample of this minute has the weight 1
  Minute now_ = 0;
  std::uint64_t full_in_ = 0;  // a round
  Workloads workloads_;
};

}  // namespace iopslimit
