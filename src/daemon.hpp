// SPDX-License-Identifier: Apache-2.0
// State and order: facts come in as plain values, rules go out through the sink, reports are
// collected.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/config.hpp"
#include "core/container.hpp"
#include "core/limit_sink.hpp"
#include "core/plan.hpp"
#include "core/policy.hpp"
#include "core/record.hpp"
#include "core/report.hpp"

namespace iopslimit {

/// A container as a listing finds it.
struct Sighting {
  ContainerPath path;
  RecordAnswer record;
};

/// Everything a listing of the cgroup tree found.
struct Listing {
  std::vector<Sighting> containers;
  std::vector<std::string> kubepods;
};

class Daemon {
 public:
  /// `version` is v1 or v2, as found; `ours` are the rules an earlier run wrote (host/rule_ledger).
  Daemon(LimitSink& sink, CgroupVersion version, Config config, std::vector<RulePlace> ours);

  /// A container's cgroup was made, or its record became readable. Its rule is in force on return.
  void on_appeared(const ContainerPath& path, const RecordAnswer& record);
  /// A cgroup is gone: a container's or a kubepods directory.
  void on_vanished(std::string_view cgroup);
  /// A kubepods directory was made: on v2 it carries the total.
  void on_kubepods(const std::string& cgroup);
  /// The whole truth: start, queue overflow, safety net. Reads every rule back and repairs what
  /// differs.
  void on_rescan(const Listing& listing);
  /// A new configuration: decides again and writes only what changed.
  void on_config(Config config);
  /// The disk behind the mount was found, or is another one now: old rules of ours go, new ones are
  /// written.
  void on_disk(const DataDevice& device);
  /// There is no disk to limit now. `why` is for the operator. Rules that are in force stay.
  void on_no_disk(std::string why, Severity severity);
  /// Work that may wait until a burst of events is over: the total's division on v1.
  void settle();
  /// Removes every rule that is ours (on_stop = clear).
  void clear();

  /// True for a container or kubepods directory that has appeared and not vanished.
  bool knows(std::string_view cgroup) const;
  /// True when a container is known and its record was read: nothing is gained by reading it again.
  bool has_record(std::string_view cgroup) const;
  /// Cgroups whose limit file was missing: the controller may be enabled a moment later.
  std::vector<std::string> take_controller_missing();
  std::vector<Report> take_reports();
  bool unsettled() const { return unsettled_; }
  const Config& config() const { return config_; }
  /// One line for `systemctl status`: the disk and the counts.
  std::string status() const;

 private:
  struct Container {
    ContainerPath path;
    std::optional<Record> record;
    std::string bad_record;  // said once, not at every pass
    Decision decision;
    std::vector<Rule> held;      // what the kernel holds because of us
    std::error_code last_error;  // said once, not at every pass

    const Record* names() const { return record ? &*record : nullptr; }
  };
  struct Kubepods {
    std::vector<Rule> held;
    std::error_code last_error;
  };

  Container& introduce(const ContainerPath& path);
  bool learn(Container& container, const RecordAnswer& record);
  bool decide_again(Container& container);
  void compete(const Decision& decision, bool joins);
  bool divides() const { return version_ == CgroupVersion::v1 && config_.total_iops != 0; }

  std::vector<Rule> wanted(const Container& container) const;
  std::vector<Rule> wanted_total() const;
  std::vector<Rule> adopted(const std::string& cgroup);
  bool apply(Container& container);
  void apply_total(const std::string& cgroup, Kubepods& tree);
  std::error_code write_rules(const std::string& cgroup, const std::vector<Rule>& wanted,
                              std::vector<Rule>& held);
  void repair_all();
  void repair(const std::string& cgroup, const std::vector<Rule>& held, Report&& drift);
  void forget_missing(const Listing& listing);
  void forget(const std::string& cgroup, const std::vector<Rule>& held);

  void report_decision(const Container& container);
  void report_error(Container& container, std::error_code error);
  void report(Severity severity, std::string text);

  LimitSink& sink_;
  CgroupVersion version_;
  Config config_;
  std::map<std::string, std::vector<Rule>>
      ours_;  // rules of an earlier run whose cgroup has not been seen yet
  std::map<std::string, Container, std::less<>> containers_;
  std::map<std::string, Kubepods, std::less<>> kubepods_;
  std::optional<DataDevice> device_;
  std::string no_disk_ = "the data mount has not been looked at yet";
  Budget budget_;
  bool unsettled_ = false;
  std::vector<std::string> controller_missing_;
  std::vector<Report> reports_;
};

}  // namespace iopslimit
