// SPDX-License-Identifier: Apache-2.0
// Shares the total of each device according to the I/O of
// the workloads: lends what they leave unused, and lowers the busy ones to fair parts when the
// total is not enough.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "cgroup/io_stat.hpp"
#include "control/allocator.hpp"
#include "control/pods_io.hpp"
#include "share/demand.hpp"
#include "share/loan_file.hpp"

namespace iopslimit {

/// How often sharing has changed limits, and how many limits differ now.
struct ShareCounts {
  std::uint64_t grants = 0;   ///< limits raised
  std::uint64_t recalls = 0;  ///< limits lowered
  std::size_t changed = 0;    ///< workloads whose limit is not the configured one
  Moment below{0};            ///< that busy workloads spent below their guarantee, summed up
};

/// The members are the workloads with recent I/O. A round consists of begin(), add() for each
/// member whose counters could be read, and divide(). Another allocator sets the limits of all
/// other workloads, and those on devices whose total is not shared.
class FairShare final : public Allocator {
 public:
  /// The most limits that one divide() changes.
  static constexpr std::size_t most_changes = 200;

  explicit FairShare(std::unique_ptr<Allocator> otherwise) : otherwise_(std::move(otherwise)) {}

  void reset(const Targets& targets) override;
  bool add(const Workload& workload) override { return otherwise_->add(workload); }
  bool remove(const Workload& workload) override;
  Limit allot(std::size_t target, const Workload& workload, const Limit& configured) const override;

  /// True if some device has a total that is shared.
  bool shares() const { return std::ranges::any_of(targets_, &Target::is_shared); }
  /// Starts a round with the counters of all pods together.
  void begin(Moment now, const IoCounts& total);
  /// Takes in the counters of a workload, which becomes a member. `claims`: it has a limit in
  /// force and takes part in the division. `in_total`: the total of begin() includes its I/O.
  void add(const Workload& workload, const IoCounts& counts, bool claims, bool in_total);
  /// Ends the round. Returns the workloads whose allotment has changed, those with less
  /// first.
  std::vector<const Workload*> divide();
  /// Gives every workload its configured limit and forgets all members. Returns the workloads
  /// whose allotment has changed.
  std::vector<const Workload*> recall();
  /// Gives one member its configured limit; it borrows nothing before `until`. Returns true
  /// if that changes its allotment.
  bool suspend(const Workload& workload, Moment until);

  std::vector<const Workload*> members() const;
  bool is_member(const Workload& workload) const;
  /// True if others than the members do a noticeable part of the I/O.
  bool has_unknown_io() const;
  const Targets& targets() const { return targets_; }
  const PodsIo& pods_io() const { return pods_io_; }
  /// A member's demand on a target in one direction (0 for reads); null if the workload is no
  /// member.
  const Demand* demand(const Workload& workload, std::size_t target, std::size_t direction) const;
  std::vector<Loan> loans() const;
  /// The part of its guarantees that the workload leaves to others; read and write IOPS.
  std::array<std::uint64_t, 2> lends(const Workload& workload) const;
  const ShareCounts& counts() const { return counts_; }

 private:
  struct Lane {  // one device and direction
    Demand demand;
    std::uint64_t limit = 0;  // IOPS; 0 = the configured one
  };
  struct Member {
    const Workload* workload = nullptr;
    std::vector<std::array<Lane, 2>> lanes;  // one for each target
    bool claims = false;
    bool in_total = true;
    Moment read{0};
    Moment suspended_until{-1};
  };
  struct Others {                         // the I/O of workloads that claim nothing
    std::array<std::uint64_t, 3> seen{};  // in the last rounds
    Estimate estimate;
  };
  struct Change {
    const Workload* workload;
    Lane* lane;
    std::uint64_t from;
    std::uint64_t to;
    std::uint64_t configured;
  };

  void drop_quiet();
  void divide(std::size_t target, std::size_t direction, std::vector<Change>& changes);
  std::uint64_t used_by_others(std::size_t target, std::size_t direction);
  Terms terms_of(const Member& member, std::size_t target, std::size_t direction) const;
  std::vector<const Workload*> apply(std::vector<Change>& changes);
  bool differs(const Member& member) const;

  std::unique_ptr<Allocator> otherwise_;
  Targets targets_;
  PodsIo pods_io_;
  std::vector<std::array<Others, 2>> others_;  // one for each target
  std::vector<Member> members_;                // in the order of their addresses
  Moment now_{0};
  Moment tick_{0};  // since the previous round
  ShareCounts counts_;
};

}  // namespace iopslimit
