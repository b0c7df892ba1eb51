// SPDX-License-Identifier: Apache-2.0
// Decides the effective limits, which the kernel holds, from the configured ones.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "control/target.hpp"
#include "limit/capabilities.hpp"

namespace iopslimit {

/// Knows the demand of every workload that has a share in the total of all pods.
class Allocator {
 public:
  Allocator() = default;
  Allocator(const Allocator&) = delete;
  Allocator& operator=(const Allocator&) = delete;
  virtual ~Allocator() = default;

  /// The devices or their totals have changed. Forgets every demand.
  virtual void reset(const Targets& targets) = 0;
  /// A workload with these limits (Decision::limits) comes, or goes. Returns true if that changes
  /// the allotments of others.
  virtual bool add(const std::vector<Limit>& limits) = 0;
  virtual bool remove(const std::vector<Limit>& limits) = 0;
  /// The effective limit on a device for one that is configured for it. `target` is an index into
  /// the targets.
  virtual Limit allot(std::size_t target, const Limit& configured) const = 0;
};

/// Every workload has its configured limit: where the kernel holds the total on kubepods.
class FixedAllocator final : public Allocator {
 public:
  void reset(const Targets&) override {}
  bool add(const std::vector<Limit>&) override { return false; }
  bool remove(const std::vector<Limit>&) override { return false; }
  Limit allot(std::size_t, const Limit& configured) const override { return configured; }
};

/// The allocator that suits a back end.
std::unique_ptr<Allocator> make_allocator(const Capabilities& capabilities);

}  // namespace iopslimit
