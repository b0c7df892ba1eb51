// SPDX-License-Identifier: Apache-2.0
// The central state: the controller receives facts as plain values, sets rules through the back end
// and collects events.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "api/snapshot.hpp"
#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "control/data_mounts.hpp"
#include "control/listing.hpp"
#include "control/pods_total.hpp"
#include "control/target.hpp"
#include "control/workload.hpp"
#include "limit/backend.hpp"
#include "limit/rule_store.hpp"
#include "policy/pauses.hpp"
#include "policy/policy.hpp"
#include "report/event.hpp"
#include "report/warned.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

class Controller {
 public:
  /// `version` is the detected version, v1 or v2; `ours` are the rules that an earlier run wrote
  /// (limit/ownership_log).
  Controller(LimitBackend& backend, CgroupVersion version, Config config,
             std::vector<RuleKey> ours);

  /// A container's cgroup was created, or its record became readable. On return its rule (with
  /// scope = pod the rule of its pod) is in force.
  void on_appeared(const ContainerPath& path, const RecordAnswer& record);
  /// A pod's cgroup was created. With scope = pod its rule is in force on return.
  void on_pod(const ContainerPath& pod);
  /// A cgroup was removed: that of a container, that of a pod, or a kubepods directory.
  void on_vanished(std::string_view cgroup);
  /// A kubepods directory was created. On v2 it carries the total.
  void on_kubepods(const std::string& cgroup);
  /// A full listing: at the start, after a queue overflow, and from the periodic check. Reads every
  /// rule back and repairs those that differ.
  void on_rescan(const Listing& listing);
  /// Another process wrote to a limit file of the cgroup, or the service wrote without reading back
  /// (take_unverified()). Restores each rule that differs.
  void on_written(const std::string& cgroup);
  /// A new configuration, and a listing with every record read again (the configuration may need
  /// labels and annotations that were not kept). Decides again and writes only what changed.
  void on_config(Config config, const Listing& listing);
  /// The result of a scan of the disks, with the identities of targets(). If a mount is now on
  /// other devices, removes the service's rules on the old devices and writes rules on the new
  /// ones; if a mount is not mounted, its rules stay in force. Forgets the rules on a disk that is
  /// gone.
  void on_disks(const DiskFacts& facts);
  /// Divides the total anew on v1; this may wait until a burst of events is over.
  void rebalance();
  /// Removes every rule of the service, and writes none until the next on_config().
  void clear();
  /// The current pauses: every change is in force on return.
  void on_pauses(Pauses pauses);

  /// True for a directory that has appeared and not vanished; with scope = pod a container is known
  /// if its pod is.
  bool knows(std::string_view cgroup) const;
  /// True if a container is known and its record was read in full: reading it again adds nothing.
  bool has_record(std::string_view cgroup) const;
  /// True if the service has a rule in force on the cgroup.
  bool holds(std::string_view cgroup) const;
  /// Every cgroup on which the service has a rule in force.
  std::vector<std::string> holders() const;
  /// Passes every rule of the service that is in force to `see`; `total` is true for the total of
  /// all pods. With `workloads = false`: totals and orphans only.
  using SeeRule = std::function<void(const std::string& cgroup, const Rule& rule, bool total)>;
  void each_rule(const SeeRule& see, bool workloads = true) const;
  /// One of the cgroups whose first rule was not read back, for on_written(); empty if there is
  /// none.
  std::string take_unverified() { return rules_.take_unverified(); }
  /// Cgroups whose limit file was missing: the controller may be enabled a moment later.
  std::vector<std::string> take_controller_missing() {
    return std::exchange(controller_missing_, {});
  }
  /// The first `most` pending events, in the order in which they happened.
  std::vector<Event> take_events(std::size_t most = SIZE_MAX);
  bool needs_rebalance() const { return needs_rebalance_; }
  /// The number of rules set or removed so far.
  std::uint64_t writes() const { return rules_.writes(); }
  const Config& config() const { return config_; }
  /// The devices that carry rules.
  const Targets& targets() const { return mounts_.targets(); }
  /// Changes whenever the result of snapshot() may have changed.
  std::uint64_t revision() const { return revision_; }
  /// One line for `systemctl status`: the disk and the counts.
  std::string status() const;
  /// The data mounts, as shown to an operator.
  std::vector<DeviceView> devices() const { return mounts_.views(); }
  /// Everything that the controller knows; the fields of the service itself stay unset. The end of
  /// a pause is on the clock of Pauses.
  Snapshot snapshot() const;
  /// See policy/explanation. Empty for an unknown cgroup.
  std::vector<std::string> explain(const std::string& cgroup) const;

 private:
  using Workloads = std::map<std::string_view, std::unique_ptr<Workload>>;  // keyed by its own path

  bool by_pod(const ContainerPath& path) const;
  Workloads::const_iterator find(std::string_view cgroup) const;
  Workload& introduce(const ContainerPath& path);
  void drop(Workloads::const_iterator entry);
  void workload_appeared(const ContainerPath& path, const RecordAnswer& record);
  bool learn(Workload& workload, const RecordAnswer& record);
  bool decide_again(Workload& workload);
  void compete(const Workload& workload, const Decision& decision, bool joins);
  void divide_anew();
  bool divides() const;

  /// An operator has removed or paused the limit.
  bool lifted(const Workload& workload) const { return cleared_ || pauses_.until(workload.path); }
  std::vector<Rule> wanted(const Workload& workload) const;
  bool apply(Workload& workload);
  void revalidate_lost();
  bool superseded(const ContainerPath& scope) const;
  void supersede(const ContainerPath& leaf);
  void start_over(Config config, const Listing& listing);
  void repair(Workload& workload);
  void release_missing(const Listing& listing);

  void emit(Event event);
  void word(std::size_t enough = SIZE_MAX);
  void announce_decision(Workload& workload, const Before& before = {});
  void announce_warnings(const Workload& workload);
  void announce_unknown_labels(const Record& record);
  void note_error(Workload& workload, std::error_code error);

  CgroupVersion version_;
  Config config_;
  RuleStore rules_;
  PodsTotal pods_total_;
  Workloads workloads_;
  Counts counts_;  // of workloads_; each workload updates it when it changes
  DataMounts mounts_;
  Budgets budgets_;
  Pauses pauses_;
  bool cleared_ = false;
  bool needs_rebalance_ = false;
  std::uint64_t revision_ = 0;
  WarnedPods warnings_;
  bool announced_no_labels_ = false;
  std::vector<std::string> controller_missing_;
  struct Waiting {  // a decision whose event has not been created yet
    Workload* workload;
    Before before;
  };
  std::deque<Waiting> waiting_;
  std::deque<Event> events_;
};

}  // namespace iopslimit
