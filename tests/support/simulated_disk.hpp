// SPDX-License-Identifier: Apache-2.0
// Containers on one disk, the kernel's throttling and a FairShare, in simulated time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/fair_share.hpp"

namespace iopslimit {

/// Reads alone, on one device. Time passes in slices of 50 ms; every fifth is followed by a round.
///
/// The kernel of the model: each container submits at most its limit, and has no more I/Os in the
/// queue at the parent than its depth. That queue is served first come, first served, at the rate
/// of the total. On a real kernel depths of 32, 4 and 1 under a total of 800 got 653, 89 and 24; in
/// the model 692, 86 and 22.
class SimulatedDisk {
 public:
  static constexpr double slice = 0.05;  // seconds
  static constexpr int slices_per_round = 5;

  struct Container {
    Workload workload;
    double want = 0;    // IOPS
    double depth = 1;   // of its queue
    double limit = 0;   // in force, IOPS
    double done = 0;    // I/Os so far
    double rate = 0;    // of the last slice
    double ready = 0;   // I/Os that wait for its own limit
    double queued = 0;  // I/Os in the queue at the parent
    std::uint64_t writes = 0;
    std::vector<double> per_second;
  };

  /// `terms` are those of every container that has none of its own.
  explicit SimulatedDisk(std::uint64_t total, double capacity = 1e9)
      : total_(static_cast<double>(total)), capacity_(capacity) {
    targets_.push_back({.device = {.devnum = {259, 0}}, .uses = {{}}, .total_iops = total});
    share.reset(targets_);
  }

  Container& add(std::uint64_t guarantee, ShareTerms terms = {}) {
    auto& one = containers.emplace_back();
    one.workload.path.cgroup = "/kubepods/pod0/c" + std::to_string(1000 + containers.size());
    one.workload.path.pod_uid = "0";
    one.workload.decision = {.verdict = Verdict::limited, .limits = {symmetric(guarantee)}};
    if (terms != ShareTerms{}) one.workload.decision.terms = {terms};
    one.limit = static_cast<double>(guarantee);
    return one;
  }

  /// The kernel holds the total for all of them (v2), or not (v1).
  bool kernel_total = true;
  bool sharing = true;
  FairShare share{std::make_unique<FixedAllocator>()};
  std::deque<Container> containers;
  std::uint64_t writes = 0;
  std::uint64_t most_writes_in_a_round = 0;

  double seconds() const { return slice * slices_; }

  void run(double seconds) {
    const int until = slices_ + static_cast<int>(seconds / slice + 0.5);
    while (slices_ < until) {
      serve();
      if (++slices_ % slices_per_round == 0 && sharing) round();
      if (slices_ % 20 == 0) note_second();
      if (each_slice) each_slice();
    }
  }
  std::function<void()> each_slice;

  /// The mean of the last `seconds` whole seconds.
  static double mean(const Container& one, std::size_t seconds) {
    double sum = 0;
    for (std::size_t i = one.per_second.size() - seconds; i < one.per_second.size(); ++i)
      sum += one.per_second[i];
    return sum / static_cast<double>(seconds);
  }

 private:
  // One slice in steps that are short for the wait of a small one.
  void serve() {
    constexpr int steps = 10;
    constexpr double step = slice / steps;
    const double most = (kernel_total ? std::min(total_, capacity_) : capacity_) * step;
    for (Container& one : containers) one.rate = 0;
    for (int i = 0; i < steps; ++i) {
      double queued = 0;
      for (Container& one : containers) {
        // What it could not submit in time is lost, not caught up with.
        one.ready = std::min(one.ready + one.want * step, std::max(1.0, one.depth));
        const double enters =
            std::max(0.0, std::min({one.ready, one.limit * step, one.depth - one.queued}));
        one.ready -= enters;
        one.queued += enters;
        queued += one.queued;
      }
      const double part = queued > most ? most / queued : 1;
      for (Container& one : containers) {
        one.done += part * one.queued;
        one.rate += part * one.queued / slice;
        one.queued -= part * one.queued;
      }
    }
  }

  void round() {
    const Moment now{static_cast<std::int64_t>(seconds() * 1000 + 0.5)};
    const auto counts = [](double done) {
      return IoCounts{{{259, 0}, {.read_ios = static_cast<std::uint64_t>(done)}}};
    };
    double sum = 0;
    for (const Container& one : containers) sum += one.done;
    share.begin(now, counts(sum));
    for (Container& one : containers) {
      if (one.rate > 0 || share.is_member(one.workload))
        share.add(one.workload, counts(one.done), true, true);
    }
    std::uint64_t changed = 0;
    for (const Workload* workload : share.divide()) {
      const auto one = std::ranges::find(containers, workload->path.cgroup,
                                         [](const Container& c) { return c.workload.path.cgroup; });
      ++one->writes;
      ++changed;
    }
    writes += changed;
    most_writes_in_a_round = std::max(most_writes_in_a_round, changed);
    for (Container& one : containers) {
      const Limit configured = targets_[0].limit(one.workload.decision.limits);
      one.limit = static_cast<double>(share.allot(0, one.workload, configured).read_iops);
    }
  }

  void note_second() {
    for (Container& one : containers) {
      one.per_second.push_back(one.done - (one.per_second.empty() ? 0 : one_before(one)));
    }
    before_.clear();
    for (const Container& one : containers) before_.push_back(one.done);
  }
  double one_before(const Container& one) const {
    for (std::size_t i = 0; i < containers.size(); ++i) {
      if (&containers[i] == &one) return i < before_.size() ? before_[i] : 0;
    }
    return 0;
  }

  Targets targets_;
  double total_;
  double capacity_;
  int slices_ = 0;
  std::vector<double> before_;
};

}  // namespace iopslimit
