// SPDX-License-Identifier: Apache-2.0
// Receives facts as plain values, decides, and sets rules
// through the back end. Passes work that may wait to the work queue, and events to the
// announcer.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "control/allocator.hpp"
#include "control/announcer.hpp"
#include "control/decision_warnings.hpp"
#include "control/listing.hpp"
#include "control/node.hpp"
#include "control/work_queue.hpp"

namespace iopslimit {

class Controller {
 public:
  /// They must outlive the controller.
  struct Parts {
    LimitBackend& backend;
    Allocator& allocator;
    Announcer& announcer;
    WorkQueue& work;
  };

  /// `ours` are the rules that an earlier run wrote (limit/ownership_log).
  Controller(const Parts& parts, Config config, std::vector<RuleKey> ours);

  /// A cgroup was created, or a container's record became readable; `record` counts for containers
  /// only. On return its rules are in force: those of a container (with scope = pod those of its
  /// pod), of a pod (with scope = pod), or the total on a kubepods directory.
  void on_appeared(ContainerPath path, RecordAnswer record);
  /// A cgroup was removed: that of a container, that of a pod, or a kubepods directory.
  void on_vanished(const ContainerPath& path);
  /// A full listing: at the start, after a queue overflow, and from the periodic check. Reads every
  /// rule back and repairs those that differ.
  void on_rescan(Listing listing);
  /// Another process wrote to a limit file of the cgroup, or the service wrote without reading
  /// back. Restores each rule that differs.
  void on_written(const std::string& cgroup, Reading reading = Reading::later);
  /// A new configuration, and a listing, with every record read again if the configuration may need
  /// labels and annotations that were not kept. With another scope it has every record. Decides
  /// again and writes only what changed.
  void on_config(Config config, Listing listing);
  /// The result of a scan of the disks, with the identities of the targets. If a mount is now on
  /// other devices, removes the service's rules on the old devices and writes rules on the new
  /// ones; if a mount is not mounted, its rules stay in force. Forgets the rules on a disk that is
  /// gone.
  void on_disks(const DiskFacts& facts);
  /// The current pauses: every change is in force on return.
  void on_pauses(Pauses pauses);
  /// The cgroups whose rules others change again and again: all of them. Where a rule holds for the
  /// cgroups below, the pods of these containers are limited as a whole.
  void on_contested(std::set<std::string> cgroups);
  /// Puts the allotment of every workload in force, because others have come or gone. May
  /// wait until a burst is over.
  void rebalance();
  /// The allocator has changed the allotments of these workloads: puts them in force.
  void on_allotted(const std::vector<const Workload*>& workloads);
  /// Removes every rule of the service, and writes none until the next on_config().
  void clear();

  const Node& node() const { return node_; }

 private:
  void container_appeared(ContainerPath path, RecordAnswer record);
  void pod_appeared(ContainerPath pod);
  void kubepods_appeared(const std::string& cgroup);
  Workload& workload_appeared(ContainerPath path, RecordAnswer record);
  Workload& introduce(ContainerPath path);
  void drop(Workload& workload);
  bool learn(Workload& workload, RecordAnswer record);
  bool decide_again(Workload& workload);
  void join(const Workload& workload) {
    if (allocator_.add(workload)) work_.rebalance();
  }
  void leave(const Workload& workload) {
    if (allocator_.remove(workload)) work_.rebalance();
  }
  void allot_anew();

  const std::vector<Rule>& wanted(const Workload& workload);
  bool apply(Workload& workload);
  void revalidate_lost();
  void set_superseded(const ContainerPath& leaf, bool superseded);
  void start_over(Config config, Listing listing);
  void learn_all(const Listing& listing);
  void repair(Workload& workload, Reading reading);
  void release_missing(const Listing& listing);

  void announce_decision(Workload& workload, const Before& before = {});
  void note_error(Workload& workload, std::error_code error);

  Allocator& allocator_;
  Announcer& announcer_;
  WorkQueue& work_;
  Node node_;
  DecisionWarnings warnings_;
  std::vector<Rule> wanted_;  // the last result of wanted(); a member to keep its capacity
};

}  // namespace iopslimit
