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
struct Places {
  explicit Places(const std::string& root = {});

  std::string config;
  std::string mountinfo;
  std::string rules;       ///< see RuleLedger
  std::string properties;  ///< see UnitProperties
  std::string alive;       ///< see Heartbeat
  std::string socket;      ///< see PeerSocket
  std::string blocks;      ///< /sys/dev/block
};

class Kernel {
 public:
  /// Throws std::runtime_error or std::system_error where there is no hierarchy to limit I/O with.
  explicit Kernel(Places places);

  /// Every container there is and the rules it holds, as an overview; names as far as the runtimes'
  /// records may be read.
  Overview overview();
  /// The cgroups of all containers.
  std::vector<ContainerPath> containers() const;
  std::optional<std::vector<Rule>> rules(const std::string& cgroup) {
    return rule_reader_.rules(cgroup);
  }
  /// What each container did so far.
  IoSample sample(const std::vector<CarrierView>& containers);
  const CgroupTree& tree() const { return tree_; }

 private:
  Places places_;
  Config config_;
  CgroupTree tree_;
  CgroupIo io_;
  RuleReader rule_reader_;
};

}  // namespace iopslimit
