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

/// Decides with the functions of the controller, on copies. Shows configured limits, without
/// what sharing lends. May miss a container that comes or goes meanwhile.
class Preview {
 public:
  /// Reads what the next configuration needs of the workload's record. After LargeRecord it
  /// is called again.
  using Read = std::function<RecordAnswer(const ContainerPath&)>;

  /// `now` must outlive the preview, and have the same configuration all the time. `workloads` are
  /// those of the node under `next`, and `facts` are those of its data mounts.
  Preview(const Node& now, Config next, const DiskFacts& facts,
          std::vector<ContainerPath> workloads, Read read);

  /// Does a piece of the work, and adds what it finds to `found`. Returns false when all is
  /// done.
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
