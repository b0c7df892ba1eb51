// SPDX-License-Identifier: Apache-2.0
// Turns samples of counters into what judge() needs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "diagnosis/verdict.hpp"
#include "disk/disk_stats.hpp"

namespace iopslimit {

/// All counters at one moment.
struct NodeSample {
  IoSample io;                                        ///< of all containers
  std::map<Devnum, DiskStats> disks;                  ///< those that can be read
  std::map<std::string, std::vector<Rule>> in_force;  ///< by cgroup, of those that are judged
};

/// The devices of the node that limits are for.
struct Disks {
  std::map<Devnum, std::string> limited;  ///< with their names
  /// Those that the limited ones stand on: their I/O is the same I/O once more.
  std::set<Devnum> below;
};

/// `samples`: at least two, in order.
NodeUse node_use(const Snapshot& snapshot, const Disks& disks,
                 const std::vector<NodeSample>& samples);
ContainerUse measured(const WorkloadView& container, const Disks& disks,
                      const std::vector<NodeSample>& samples);

}  // namespace iopslimit
