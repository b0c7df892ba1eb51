// SPDX-License-Identifier: Apache-2.0
// Finds out what a new configuration would change, before it is in force.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/preview_view.hpp"
#include "control/fair_share.hpp"
#include "control/node.hpp"
#include "control/workload_table.hpp"

namespace iopslimit {

/// Decides by the functions by which the controller decides, on copies. Limits are the configured
/// ones: what sharing lends is no part of the configuration. A container that comes or goes
/// meanwhile may be missing.
class Preview {
 public:
  /// The workload's record with what the next configuration needs of it. A large record: there is
  /// more to read.
  using Read = std::function<RecordAnswer(const ContainerPath&)>;

  /// `now` must outlive the preview, and have the same configuration all the time. `workloads` are
  /// those of the node under `next`, and `facts` are those of its data mounts.
  Preview(const Node& now, Config next, const DiskFacts& facts,
          std::vector<ContainerPath> workloads, Read read);

  /// Does a piece of the work, and adds what it finds to `found`. False: it is over.
  bool step(PreviewView& found);

 private:
  bool decide_next();
  void settle();
  bool compare_next(PreviewView& found);
  void compare_devices(PreviewView& found) const;
  void compare(const Workload* before, const Workload* after, PreviewView& found);

  const Node& now_;
  Config next_;
  bool may_list_others_;  // the next configuration has other workloads
  DataMounts mounts_;
  std::vector<ContainerPath> paths_;
  std::size_t decided_ = 0;  // of paths_
  Read read_;
  WorkloadTable then_;
  FairShare allocator_;
  FairShare then_allocator_;
  bool settled_ = false;
  std::string compared_;  // the last cgroup
};

}  // namespace iopslimit
