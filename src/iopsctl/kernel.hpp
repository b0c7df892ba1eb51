// SPDX-License-Identifier: Apache-2.0
// What the kernel's and the runtimes' files tell, with or without a running service.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/hierarchy.hpp"
#include "cgroup/io_counters.hpp"
#include "config/config.hpp"
#include "iopsctl/load.hpp"
#include "limit/rule_reader.hpp"

namespace iopslimit {

/// Where things are. `root` is put before each path: empty, or another root directory.
struct Paths {
  explicit Paths(const std::string& root = {});

  std::string config;
  std::string mountinfo;
  std::string rules;       ///< see OwnershipLog
  std::string properties;  ///< see UnitMirror
  std::string alive;       ///< see Heartbeat
  std::string socket;      ///< see PrivateSocket
  std::string blocks;      ///< /sys/dev/block
};

class Kernel {
 public:
  /// Throws std::runtime_error or std::system_error where there is no hierarchy to limit I/O with.
  explicit Kernel(Paths places);

  /// Every container there is and the rules it holds, as an snapshot; names as far as the runtimes'
  /// records may be read.
  Snapshot snapshot();
  /// The cgroups of all containers.
  std::vector<ContainerPath> containers() const;
  std::optional<std::vector<Rule>> rules(const std::string& cgroup) {
    return rule_reader_.rules(cgroup);
  }
  /// What each container did so far.
  IoSample sample(const std::vector<WorkloadView>& containers);
  const Hierarchy& tree() const { return hierarchy_; }

 private:
  Paths places_;
  Config config_;
  Hierarchy hierarchy_;
  IoCounters io_;
  RuleReader rule_reader_;
};

}  // namespace iopslimit
