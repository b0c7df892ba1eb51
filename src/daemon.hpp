// SPDX-License-Identifier: Apache-2.0
// State and order: facts come in as plain values, rules go out through the sink, reports are
// collected.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "core/carrier.hpp"
#include "core/config.hpp"
#include "core/container.hpp"
#include "core/held_rules.hpp"
#include "core/limit_sink.hpp"
#include "core/listing.hpp"
#include "core/plan.hpp"
#include "core/policy.hpp"
#include "core/record.hpp"
#include "core/report.hpp"

namespace iopslimit {

class Daemon {
 public:
  /// `version` is v1 or v2, as found; `ours` are the rules an earlier run wrote (host/rule_ledger).
  Daemon(LimitSink& sink, CgroupVersion version, Config config, std::vector<RulePlace> ours);

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
  /// A new configuration, and the listing with every record read again (it may ask for labels and
  /// annotations that were not kept): decides again and writes only what changed.
  void on_config(Config config, const Listing& listing);
  /// The disk behind the mount was found, or is another one now: old rules of ours go, new ones are
  /// written.
  void on_disk(const DataDevice& device);
  /// There is no disk to limit now. `why` is for the operator. Rules that are in force stay.
  void on_no_disk(std::string why, Severity severity);
  /// Work that may wait until a burst of events is over: the total's division on v1.
  void settle();
  /// Removes every rule that is ours (on_stop = clear).
  void clear();

  /// True for a directory that has appeared and not vanished; with scope = pod a container is known
  /// by its pod.
  bool knows(std::string_view cgroup) const;
  /// True when a container is known and its record was read: nothing is gained by reading it again.
  bool has_record(std::string_view cgroup) const;
  /// Cgroups whose limit file was missing: the controller may be enabled a moment later.
  std::vector<std::string> take_controller_missing() {
    return std::exchange(controller_missing_, {});
  }
  std::vector<Report> take_reports() { return std::exchange(reports_, {}); }
  bool unsettled() const { return unsettled_; }
  const Config& config() const { return config_; }
  /// One line for `systemctl status`: the disk and the counts.
  std::string status() const;

 private:
  using Carriers = std::map<std::string, Carrier, std::less<>>;
  struct Kubepods {
    std::vector<Rule> held;
    std::error_code last_error;
  };

  bool by_pod(const ContainerPath& path) const;
  Carriers::const_iterator find(std::string_view cgroup) const;
  Carrier& introduce(const ContainerPath& path);
  void carrier_appeared(const ContainerPath& path, const RecordAnswer& record);
  bool learn(Carrier& carrier, const RecordAnswer& record);
  bool decide_again(Carrier& carrier);
  void compete(const Carrier& carrier, const Decision& decision, bool joins);
  bool divides() const { return version_ == CgroupVersion::v1 && config_.total_iops != 0; }

  std::vector<Rule> wanted(const Carrier& carrier) const;
  bool apply(Carrier& carrier);
  void apply_total(const std::string& cgroup, Kubepods& tree);
  bool superseded(const ContainerPath& scope) const;
  void supersede(const ContainerPath& leaf);
  void start_over(Config config, const Listing& listing);
  void repair_all();
  void release_missing(const Listing& listing);

  void report_decision(Carrier& carrier, const Before& before = {});
  void report_complaints(const Carrier& carrier);
  void report_unknown_labels(const Record& record);
  void report_error(Carrier& carrier, std::error_code error);
  void report(Severity severity, std::string text);

  CgroupVersion version_;
  Config config_;
  HeldRules rules_;
  Carriers carriers_;
  std::map<std::string, Kubepods, std::less<>> kubepods_;
  std::optional<DataDevice> device_;
  std::string no_disk_ = "the data mount has not been looked at yet";
  Budget budget_;
  bool unsettled_ = false;
  std::map<std::string, std::set<std::string>> complained_;  // pod uid to what was said of it
  bool said_no_labels_ = false;
  std::vector<std::string> controller_missing_;
  std::vector<Report> reports_;
};

}  // namespace iopslimit
