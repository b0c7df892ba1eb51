// SPDX-License-Identifier: Apache-2.0
#include "daemon.hpp"

#include <algorithm>
#include <utility>

namespace iopslimit {

Daemon::Daemon(LimitSink& sink, CgroupVersion version, Config config, std::vector<RulePlace> ours)
    : version_(version),
      config_(std::move(config)),
      rules_(sink, std::move(ours)),
      budget_(config_.total_iops) {}

// ---- facts ----

void Daemon::on_appeared(const ContainerPath& path, const RecordAnswer& record) {
  if (by_pod(path)) {
    const auto pod = parse_pod_path(pod_cgroup_of(path));
    return carrier_appeared(*pod, of_pod(record));
  }
  if (superseded(path)) return;
  carrier_appeared(path, record);
  supersede(path);
}

void Daemon::on_pod(const ContainerPath& pod) {
  if (config_.scope != LimitScope::pod) return;
  Carrier& carrier = introduce(pod);
  decide_again(carrier);
  apply(carrier);  // its line in the journal waits for a name: the sandbox comes at once
}

void Daemon::on_vanished(std::string_view cgroup) {
  if (const auto found = carriers_.find(cgroup); found != carriers_.end()) {
    compete(found->second, found->second.decision, false);
    rules_.forget(found->first, found->second.held);
    carriers_.erase(found);
  } else if (const auto tree = kubepods_.find(cgroup); tree != kubepods_.end()) {
    rules_.forget(tree->first, tree->second.held);
    kubepods_.erase(tree);
  }
  if (complained_.empty()) return;
  if (const auto pod = parse_pod_path(cgroup)) complained_.erase(pod->pod_uid);
}

void Daemon::on_kubepods(const std::string& cgroup) {
  auto [tree, is_new] = kubepods_.try_emplace(cgroup);
  if (is_new) tree->second.held = rules_.adopt(cgroup);
  apply_total(tree->first, tree->second);
}

void Daemon::on_rescan(const Listing& listing) {
  release_missing(listing);
  repair_all();
  for (const std::string& cgroup : listing.kubepods) on_kubepods(cgroup);
  for (const ContainerPath& pod : listing.pods) on_pod(pod);
  for (const Sighting& sighting : listing.containers) on_appeared(sighting.path, sighting.record);
  if (device_ && listing.whole) rules_.release_left();
}

void Daemon::on_config(Config config, const Listing& listing) {
  if (config.scope != config_.scope) return start_over(std::move(config), listing);
  config_ = std::move(config);
  said_no_labels_ = false;
  budget_ = Budget(config_.total_iops);
  for (auto& entry : carriers_) {
    entry.second.read_again = true;
    compete(entry.second, entry.second.decision, true);
  }
  release_missing(listing);
  for (const auto& [path, record] : listing.containers) {
    const auto known = carriers_.find(by_pod(path) ? pod_cgroup_of(path) : path.cgroup);
    if (known != carriers_.end()) learn(known->second, by_pod(path) ? of_pod(record) : record);
  }
  std::vector<Carrier*> changed;
  for (auto& entry : carriers_) {
    if (decide_again(entry.second)) changed.push_back(&entry.second);
    report_complaints(entry.second);
  }
  for (Carrier* carrier : changed) {
    const Before before = carrier->held;
    if (apply(*carrier)) report_decision(*carrier, before);
  }
  for (const auto& [path, record] : listing.containers) {
    if (!knows(path.cgroup)) on_appeared(path, record);  // [runtime] standalone asks for it now
  }
  for (auto& tree : kubepods_) apply_total(tree.first, tree.second);
  unsettled_ = version_ == CgroupVersion::v1;  // the total itself may have changed
  report(Severity::info, "configuration reloaded: " + std::to_string(changed.size()) + " of " +
                             std::to_string(carriers_.size()) + " containers changed");
}

void Daemon::on_disk(const DataDevice& device) {
  if (device_ == device) return;
  device_ = device;
  no_disk_.clear();
  report(Severity::notice, describe(device));
  for (auto& tree : kubepods_) apply_total(tree.first, tree.second);
  for (auto& [cgroup, carrier] : carriers_) {
    const std::vector<Rule> before = carrier.held;
    if (apply(carrier) && carrier.held != before) report_decision(carrier);
  }
}

void Daemon::on_no_disk(std::string why, Severity severity) {
  device_.reset();
  if (no_disk_ == why) return;
  no_disk_ = std::move(why);
  report(severity, no_disk_);
}

void Daemon::settle() {
  unsettled_ = false;
  for (auto& entry : carriers_) apply(entry.second);
}

void Daemon::clear() {
  for (auto& [cgroup, carrier] : carriers_) {
    if (const auto error = rules_.write(cgroup, {}, carrier.held)) report_error(carrier, error);
  }
  for (auto& [cgroup, tree] : kubepods_) {
    const auto error = rules_.write(cgroup, {}, tree.held);
    if (error)
      report(Severity::error, "cannot remove the total from " + cgroup + ": " + error.message());
  }
}

// ---- decision ----

// With scope = pod a pod's containers have no rules of their own.
bool Daemon::by_pod(const ContainerPath& path) const {
  return config_.scope == LimitScope::pod && !path.pod_uid.empty() && !path.id.empty();
}

Carrier& Daemon::introduce(const ContainerPath& path) {
  const auto [entry, is_new] = carriers_.try_emplace(path.cgroup);
  Carrier& carrier = entry->second;
  if (is_new) carrier.path = path;
  if (is_new) carrier.held = rules_.adopt(path.cgroup);
  return carrier;
}

void Daemon::carrier_appeared(const ContainerPath& path, const RecordAnswer& record) {
  Carrier& carrier = introduce(path);
  const bool learned = learn(carrier, record);
  const bool failed_before = static_cast<bool>(carrier.last_error);
  Before before;
  if (carrier.said && !failed_before) before = carrier.held;
  const bool changed = decide_again(carrier);
  const bool in_force = apply(carrier);
  if (in_force && (!carrier.said || (learned && changed) || failed_before))
    report_decision(carrier, before);
  report_complaints(carrier);
}

// True when names, labels or annotations are known now that were not.
bool Daemon::learn(Carrier& carrier, const RecordAnswer& record) {
  const Carrier::Learned learned = carrier.learn(record);
  if (learned == Carrier::Learned::bad_record) {
    reports_.push_back(warning(about(carrier.path, nullptr),
                               "the runtime's record cannot be used: " + carrier.bad_record +
                                   "; limited with the default"));
  }
  if (learned == Carrier::Learned::record) report_unknown_labels(*carrier.record);
  return learned == Carrier::Learned::record;
}

// True when verdict or limit changed.
bool Daemon::decide_again(Carrier& carrier) {
  Decision next = decide(config_, carrier.path, carrier.names());
  const bool changed =
      next.verdict != carrier.decision.verdict || next.limit != carrier.decision.limit;
  if (changed) {
    compete(carrier, carrier.decision, false);
    compete(carrier, next, true);
  }
  carrier.decision = std::move(next);
  return changed;
}

// The total is that of all pods: a container outside of them has no part in it.
void Daemon::compete(const Carrier& carrier, const Decision& decision, bool joins) {
  if (decision.verdict != Verdict::limited || carrier.standalone()) return;
  joins ? budget_.add(decision.limit) : budget_.remove(decision.limit);
  unsettled_ = unsettled_ || divides();
}

std::vector<Rule> Daemon::wanted(const Carrier& carrier) const {
  if (carrier.decision.verdict != Verdict::limited) return {};
  if (!device_) return carrier.held;
  const Limit& wish = carrier.decision.limit;
  const Limit limit = divides() && !carrier.standalone() ? budget_.share(wish) : wish;
  if (limit.unlimited()) return {};
  return {{device_->rule, limit}};
}

// ---- effect ----

// True when what should be in force is; without a disk nothing is.
bool Daemon::apply(Carrier& carrier) {
  const std::error_code error = rules_.write(carrier.path.cgroup, wanted(carrier), carrier.held);
  if (error) report_error(carrier, error);
  carrier.last_error = error;
  return !error && (device_ || carrier.decision.verdict != Verdict::limited);
}

void Daemon::apply_total(const std::string& cgroup, Kubepods& tree) {
  if (!device_) return;
  std::vector<Rule> wanted;
  if (version_ == CgroupVersion::v2 && config_.total_iops != 0)
    wanted.push_back({device_->rule, each_way(config_.total_iops)});
  const std::vector<Rule> before = tree.held;
  const std::error_code error = rules_.write(cgroup, wanted, tree.held);
  const bool said = error == tree.last_error;
  tree.last_error = error;
  if (error == SinkError::controller_missing) controller_missing_.push_back(cgroup);
  if (error && !said) {
    report(Severity::error, "the total for " + cgroup + " is not in force: " + error.message());
  } else if (!error && tree.held != before && !tree.held.empty()) {
    report(Severity::info, "total for " + cgroup + ": " + to_string(tree.held.front().limit) +
                               " on " + device_->disk + " (" + to_string(device_->rule) + ")");
  }
}

// The kernel's v1 hierarchy is flat: once crun has put the processes into the scope's child, the
// scope's own rule does nothing.
bool Daemon::superseded(const ContainerPath& scope) const {
  return version_ == CgroupVersion::v1 && may_hold_process_leaf(scope.cgroup, config_.standalone) &&
         carriers_.contains(process_leaf_of(scope));
}

void Daemon::supersede(const ContainerPath& leaf) {
  const std::string_view cgroup = version_ == CgroupVersion::v1 ? scope_of(leaf) : "";
  const auto scope = carriers_.find(cgroup);
  if (scope == carriers_.end()) return;
  compete(scope->second, scope->second.decision, false);
  rules_.release(scope->first, scope->second.held);
  carriers_.erase(scope);
}

// Another scope has other carriers. What is in force stays so until theirs is, as after a restart.
void Daemon::start_over(Config config, const Listing& listing) {
  config_ = std::move(config);
  budget_ = Budget(config_.total_iops);
  for (const auto& entry : std::exchange(carriers_, {}))
    rules_.leave(entry.first, entry.second.held);
  on_rescan(listing);
  report(Severity::info, "configuration reloaded: [limits] scope changed, all " +
                             std::to_string(carriers_.size()) + " were decided anew");
}

void Daemon::repair_all() {
  for (const auto& entry : carriers_) {
    rules_.repair(entry.first, entry.second.held, [&](const Rule& rule, const Limit& found) {
      reports_.push_back(repaired(about(entry.second.path, entry.second.names()), rule, found));
    });
  }
  for (const auto& tree : kubepods_) {
    rules_.repair(tree.first, tree.second.held, [&](const Rule& rule, const Limit& found) {
      Report drift;
      drift.cgroup = tree.first;
      reports_.push_back(repaired(std::move(drift), rule, found));
    });
  }
}

// What a listing does not show is gone, or not ours to limit any more. If it is still there, its
// rule must not be.
void Daemon::release_missing(const Listing& listing) {
  if (!listing.whole) return;  // nobody loses a limit because a directory could not be read
  const Shown shown(listing);
  std::vector<std::string> gone;
  const auto release = [&](const auto& entry) {
    if (shown.cgroups.contains(entry.first)) return;
    rules_.release(entry.first, entry.second.held);
    gone.push_back(entry.first);
  };
  std::ranges::for_each(carriers_, release);
  std::ranges::for_each(kubepods_, release);
  for (const std::string& cgroup : gone) on_vanished(cgroup);
  std::erase_if(complained_,
                [&shown](const auto& one) { return !shown.pod_uids.contains(one.first); });
}

// ---- report ----

Daemon::Carriers::const_iterator Daemon::find(std::string_view cgroup) const {
  const auto found = carriers_.find(cgroup);
  if (found != carriers_.end() || config_.scope != LimitScope::pod) return found;
  return carriers_.find(cgroup.substr(0, cgroup.rfind('/')));
}

bool Daemon::knows(std::string_view cgroup) const {
  return find(cgroup) != carriers_.end() || kubepods_.contains(cgroup);
}

bool Daemon::has_record(std::string_view cgroup) const {
  const auto found = find(cgroup);
  return found != carriers_.end() && found->second.has_whole_record();
}

void Daemon::report(Severity severity, std::string text) {
  Report message;
  message.severity = severity;
  message.text = std::move(text);
  reports_.push_back(std::move(message));
}

void Daemon::report_decision(Carrier& carrier, const Before& before) {
  carrier.said = true;
  if (carrier.decision.verdict == Verdict::sandbox) return;
  reports_.push_back(
      decided(about(carrier.path, carrier.names()), carrier.decision, carrier.held, before));
}

// Once for a pod, however many containers repeat it.
void Daemon::report_complaints(const Carrier& carrier) {
  for (const std::string& text : carrier.decision.complaints) {
    if (!complained_[carrier.path.pod_uid].insert(text).second) continue;
    reports_.push_back(warning(about(carrier.path, carrier.names()), text));
  }
}

void Daemon::report_unknown_labels(const Record& record) {
  const bool blind = record.runtime == RuntimeHint::containerd;
  if (!blind || said_no_labels_ || wished_for(config_).labels.empty()) return;
  said_no_labels_ = true;
  report(Severity::warning,
         "a [policy] matches by label, but containerd writes no pod labels down: it matches none "
         "of containerd's containers; match by namespace, pod, container or image instead");
}

void Daemon::report_error(Carrier& carrier, std::error_code error) {
  if (error == SinkError::controller_missing) controller_missing_.push_back(carrier.path.cgroup);
  if (error == SinkError::cgroup_gone || error == carrier.last_error) return;
  Report line = not_limited(about(carrier.path, carrier.names()), error);
  if (device_) line.device = device_->rule;
  reports_.push_back(std::move(line));
}

std::string Daemon::status() const {
  Counts counts;
  for (const auto& entry : carriers_) entry.second.count(counts);
  return (device_ ? describe(*device_) : "waiting: " + no_disk_) + "; " +
         to_string(counts, config_.scope);
}

}  // namespace iopslimit
