// SPDX-License-Identifier: Apache-2.0
// State and order: facts come in as plain values, rules go out through the backend, reports are
// collected.
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
  /// `version` is v1 or v2, as found; `ours` are the rules an earlier run wrote
  /// (limit/ownership_log).
  Controller(LimitBackend& backend, CgroupVersion version, Config config,
             std::vector<RuleKey> ours);

  /// A container's cgroup was made, or its record became readable. Its rule, or with scope = pod
  /// its pod's, is in force on return.
  void on_appeared(const ContainerPath& path, const RecordAnswer& record);
  /// A pod's cgroup was made: with scope = pod its rule is in force on return.
  void on_pod(const ContainerPath& pod);
  /// A cgroup is gone: a container's, a pod's or a kubepods directory.
  void on_vanished(std::string_view cgroup);
  /// A kubepods directory was made: on v2 it carries the total.
  void on_kubepods(const std::string& cgroup);
  /// The whole truth: start, queue overflow, safety net. Reads every rule back and repairs what
  /// differs.
  void on_rescan(const Listing& listing);
  /// Somebody wrote to a limit file of the cgroup, or we did without reading back
  /// (take_unverified()): what is not as it should be is put right.
  void on_written(const std::string& cgroup);
  /// A new configuration, and the listing with every record read again (it may ask for labels and
  /// annotations that were not kept): decides again and writes only what changed.
  void on_config(Config config, const Listing& listing);
  /// A look at the disks, with the identities of targets(): where a mount stands on other devices
  /// now, old rules of ours go and new ones are written; where it is not mounted, rules that are in
  /// force stay. What was on a disk that is gone is forgotten.
  void on_disks(const DiskFacts& facts);
  /// Work that may wait until a burst of events is over: the total's division on v1.
  void rebalance();
  /// Removes every rule that is ours, and writes none until the next on_config().
  void clear();
  /// Whose limit is away now: what changed is in force on return.
  void on_pauses(Pauses pauses);

  /// True for a directory that has appeared and not vanished; with scope = pod a container is known
  /// by its pod.
  bool knows(std::string_view cgroup) const;
  /// True when a container is known and its record was read: nothing is gained by reading it again.
  bool has_record(std::string_view cgroup) const;
  /// True when the cgroup has a rule of ours.
  bool holds(std::string_view cgroup) const;
  /// Every cgroup that has a rule of ours.
  std::vector<std::string> holders() const;
  /// Shows every rule of ours that is in force; `total`: it is that of all pods. Without
  /// `workloads` only those, and what an earlier run has left.
  using SeeRule = std::function<void(const std::string& cgroup, const Rule& rule, bool total)>;
  void each_rule(const SeeRule& see, bool workloads = true) const;
  /// One of the cgroups whose first rule was not read back, for on_written(); empty: there is none.
  std::string take_unverified() { return rules_.take_unverified(); }
  /// Cgroups whose limit file was missing: the controller may be enabled a moment later.
  std::vector<std::string> take_controller_missing() {
    return std::exchange(controller_missing_, {});
  }
  /// What there is to say, in the order in which it came to be: the first `most` lines of it.
  std::vector<Event> take_events(std::size_t most = SIZE_MAX);
  bool needs_rebalance() const { return needs_rebalance_; }
  /// Rules that were put in force or taken away so far.
  std::uint64_t writes() const { return rules_.writes(); }
  const Config& config() const { return config_; }
  /// The devices that carry rules.
  const Targets& targets() const { return mounts_.targets(); }
  /// Another number than before whenever snapshot() may answer something else than before.
  std::uint64_t revision() const { return revision_; }
  /// One line for `systemctl status`: the disk and the counts.
  std::string status() const;
  /// The data mounts, for an operator.
  std::vector<DeviceView> devices() const { return mounts_.views(); }
  /// Everything that is known here; nothing of the service itself. Of a pause, until when as Pauses
  /// has it.
  Snapshot snapshot() const;
  /// See policy/explanation. Nothing for a cgroup that is not known.
  std::vector<std::string> explain(const std::string& cgroup) const;

 private:
  using Workloads = std::map<std::string_view, std::unique_ptr<Workload>>;  // by its own path

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

  /// An operator took the limit away.
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
  Counts counts_;  // of workloads_: each counts itself when it changes
  DataMounts mounts_;
  Budgets budgets_;
  Pauses pauses_;
  bool cleared_ = false;
  bool needs_rebalance_ = false;
  std::uint64_t revision_ = 0;
  WarnedPods warnings_;
  bool announced_no_labels_ = false;
  std::vector<std::string> controller_missing_;
  struct Waiting {  // a line about a decision that is not worded yet
    Workload* workload;
    Before before;
  };
  std::deque<Waiting> waiting_;
  std::deque<Event> events_;
};

}  // namespace iopslimit
