// SPDX-License-Identifier: Apache-2.0
// All workloads of the node, by their cgroups.
#pragma once

#include <algorithm>
#include <memory>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "control/workload.hpp"

namespace iopslimit {

class WorkloadTable {
  struct ByCgroup {
    using is_transparent = void;
    static std::string_view key(std::string_view cgroup) { return cgroup; }
    static std::string_view key(const std::unique_ptr<Workload>& one) { return one->path.cgroup; }
    bool operator()(const auto& one, const auto& other) const { return key(one) < key(other); }
  };
  using Workloads = std::set<std::unique_ptr<Workload>, ByCgroup>;

 public:
  /// Null if there is none.
  Workload* find(std::string_view cgroup) const {
    const auto found = workloads_.find(cgroup);
    return found == workloads_.end() ? nullptr : found->get();
  }
  /// The first one after this cgroup in the order of the paths; null if there is none.
  Workload* after(std::string_view cgroup) const {
    const auto next = workloads_.upper_bound(cgroup);
    return next == workloads_.end() ? nullptr : next->get();
  }
  /// There must be none with this path.
  Workload& add(ContainerPath path) {
    auto workload = std::make_unique<Workload>();
    workload->path = std::move(path);
    return **workloads_.insert(std::move(workload)).first;
  }
  void erase(const Workload& workload) {
    workloads_.erase(workloads_.find(std::string_view(workload.path.cgroup)));
  }
  /// The number of workloads that are shown: all but those that are superseded.
  std::size_t shown() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(workloads_, [](const auto& one) { return !one->superseded; }));
  }
  Workloads::const_iterator begin() const { return workloads_.begin(); }
  Workloads::const_iterator end() const { return workloads_.end(); }

 private:
  Workloads workloads_;
};

}  // namespace iopslimit
