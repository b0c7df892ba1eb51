// SPDX-License-Identifier: Apache-2.0
// Reads the state of the containers from the kernel and the runtimes' records, without the service.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/hierarchy.hpp"
#include "cgroup/io_counters.hpp"
#include "cgroup/population.hpp"
#include "config/config.hpp"
#include "diagnosis/evidence.hpp"
#include "diagnosis/load.hpp"
#include "limit/rule_reader.hpp"

namespace iopslimit {

/// The files that iopsctl reads. `root` is prepended to each path.
struct Paths {
  explicit Paths(const std::string& root = {});

  std::string config;
  std::string mountinfo;
  std::string rules;       ///< see OwnershipLog
  std::string properties;  ///< see UnitMirror
  std::string socket;      ///< see PrivateSocket
  std::string blocks;      ///< /sys/dev/block
  std::string self;        ///< /proc/self
};

class Kernel {
 public:
  /// Throws std::runtime_error or std::system_error when no cgroup hierarchy can limit I/O.
  explicit Kernel(Paths paths);

  /// Lists every container with the rules in force. Containers have names where their runtime's
  /// records are readable.
  Snapshot snapshot();
  /// Lists the cgroups of all containers.
  std::vector<ContainerPath> containers() const;
  std::optional<std::vector<Rule>> rules(const std::string& cgroup) {
    return rule_reader_.rules(cgroup);
  }
  /// The processes that no limit reaches although they are in a container; none where a limit holds
  /// for the cgroups below.
  std::vector<Stray> strays(const std::vector<ContainerPath>& containers) const;
  /// Marks the containers with rules in whose cgroups no process is: with gVisor all of the pod are
  /// in the sandbox.
  void mark_empty(std::vector<WorkloadView>& containers) const;
  /// Reads the I/O counters of each container.
  IoSample sample(const std::vector<WorkloadView>& containers);
  /// "nvme0n1"; the number when sysfs has no name for it.
  std::string name_of(Devnum device) const;
  /// Names the devices, and finds those that they stand on.
  Disks disks(const std::vector<Devnum>& limited) const;
  /// Reads the counters of `containers` and disks, and the rules in force of those in `judged`.
  NodeSample sample(const std::vector<WorkloadView>& containers,
                    const std::vector<const WorkloadView*>& judged, const Disks& disks);
  const Hierarchy& tree() const { return hierarchy_; }

 private:
  Paths paths_;
  Config config_;
  Hierarchy hierarchy_;
  IoCounters io_;
  RuleReader rule_reader_;
};

}  // namespace iopslimit
