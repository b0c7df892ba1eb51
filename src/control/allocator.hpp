// SPDX-License-Identifier: Apache-2.0
// Decides the effective limits, which the kernel holds, from the configured ones.
#pragma once

#include <cstddef>
#include <memory>

#include "control/target.hpp"
#include "control/workload.hpp"
#include "limit/capabilities.hpp"

namespace iopslimit {

/// Knows every workload that has a share in the total of all pods.
class Allocator {
 public:
  Allocator() = default;
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;
  virtual ~Allocator() = default;

  /// The devices or their totals have changed. Forgets every demand.
  virtual void reset(const Targets& targets) = 0;
  /// Adds or removes a workload, which has its decision and may have no share. Returns true
  /// if that changes any allotment.
  virtual bool add(const Workload& workload) = 0;
  virtual bool remove(const Workload& workload) = 0;
  /// The effective limit of a workload on a device for which `configured` is its own. `target` is
  /// an index into the targets.
  virtual Limit allot(std::size_t target, const Workload& workload,
                      const Limit& configured) const = 0;
};

/// Gives every workload its configured limit. The kernel holds the total on kubepods then, and
/// serves whoever comes first.
class FixedAllocator final : public Allocator {
 public:
  void reset(const Targets&) override {}
  bool add(const Workload&) override { return false; }
  bool remove(const Workload&) override { return false; }
  Limit allot(std::size_t, const Workload&, const Limit& configured) const override {
    return configured;
  }
};

/// The allocator that suits a back end, for a total that is not shared by what the workloads do.
std::unique_ptr<Allocator> make_allocator(const Capabilities& capabilities);

}  // namespace iopslimit
