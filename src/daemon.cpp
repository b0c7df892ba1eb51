// SPDX-License-Identifier: Apache-2.0
#include "daemon.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace iopslimit {

Daemon::Daemon(LimitSink& sink, CgroupVersion version, Config config, std::vector<RulePlace> ours)
    : sink_(sink), version_(version), config_(std::move(config)), budget_(config_.total_iops) {
  for (RulePlace& place : ours) ours_[std::move(place.cgroup)].push_back({place.device, Limit{}});
}

// ---- facts
// ----------------------------------------------------------------------------------------------------------

void Daemon::on_appeared(const ContainerPath& path, const RecordAnswer& record) {
  const auto known = containers_.find(path.cgroup);
  const bool is_new = known == containers_.end();
  Container& container = is_new ? introduce(path) : known->second;
  const bool learned = learn(container, record);
  const bool decided = decide_again(container);
  const bool failed_before = static_cast<bool>(container.last_error);
  const bool in_force = apply(container);
  if (in_force && (is_new || (learned && decided) || failed_before)) report_decision(container);
}

void Daemon::on_vanished(std::string_view cgroup) {
  if (const auto found = containers_.find(cgroup); found != containers_.end()) {
    compete(found->second.decision, false);
    forget(found->first, found->second.held);
    containers_.erase(found);
  } else if (const auto tree = kubepods_.find(cgroup); tree != kubepods_.end()) {
    forget(tree->first, tree->second.held);
    kubepods_.erase(tree);
  }
}

void Daemon::on_kubepods(const std::string& cgroup) {
  auto [tree, is_new] = kubepods_.try_emplace(cgroup);
  if (is_new) tree->second.held = adopted(cgroup);
  apply_total(tree->first, tree->second);
}

void Daemon::on_rescan(const Listing& listing) {
  forget_missing(listing);
  repair_all();
  for (const std::string& cgroup : listing.kubepods) on_kubepods(cgroup);
  for (const Sighting& sighting : listing.containers) on_appeared(sighting.path, sighting.record);
}

void Daemon::on_config(Config config) {
  config_ = std::move(config);
  budget_ = Budget(config_.total_iops);
  for (const auto& entry : containers_) compete(entry.second.decision, true);
  std::vector<Container*> decided;
  for (auto& entry : containers_) {
    if (decide_again(entry.second)) decided.push_back(&entry.second);
  }
  for (Container* container : decided) {
    if (apply(*container)) report_decision(*container);
  }
  for (auto& tree : kubepods_) apply_total(tree.first, tree.second);
  unsettled_ = version_ == CgroupVersion::v1;  // the total itself may have changed
  report(Severity::info, "configuration reloaded: " + std::to_string(decided.size()) + " of " +
                             std::to_string(containers_.size()) + " containers changed");
}

void Daemon::on_disk(const DataDevice& device) {
  if (device_ == device) return;
  device_ = device;
  no_disk_.clear();
  report(Severity::notice, describe(device));
  for (auto& tree : kubepods_) apply_total(tree.first, tree.second);
  for (auto& entry : containers_) {
    Container& container = entry.second;
    const std::vector<Rule> before = container.held;
    if (apply(container) && container.held != before) report_decision(container);
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
  for (auto& entry : containers_) apply(entry.second);
}

void Daemon::clear() {
  for (auto& entry : containers_) {
    if (const auto error = write_rules(entry.first, {}, entry.second.held)) {
      report_error(entry.second, error);
    }
  }
  for (auto& tree : kubepods_) {
    if (const auto error = write_rules(tree.first, {}, tree.second.held)) {
      report(Severity::error,
             "cannot remove the total from " + tree.first + ": " + error.message());
    }
  }
}

// ---- decision
// -------------------------------------------------------------------------------------------------------

Daemon::Container& Daemon::introduce(const ContainerPath& path) {
  Container& container = containers_[path.cgroup];
  container.path = path;
  container.decision.verdict = Verdict::sandbox;  // competes for nothing until it is decided
  container.held = adopted(path.cgroup);
  return container;
}

// True when the answer adds to what is known. A complete record is read once: the runtime does not
// rewrite it.
bool Daemon::learn(Container& container, const RecordAnswer& record) {
  const auto* good = std::get_if<Record>(&record);
  if (container.record && (!container.record->incomplete || good == nullptr)) return false;
  if (const auto* bad = std::get_if<BadRecord>(&record)) {
    if (std::exchange(container.bad_record, bad->why) == bad->why) return false;
    Report warning = about(container.path, container.names());
    warning.severity = Severity::warning;
    warning.text = "the runtime's record of container " + container.path.id +
                   " cannot be used: " + bad->why + "; limited with the default";
    reports_.push_back(std::move(warning));
    return false;
  }
  if (good != nullptr) container.record = *good;
  return good != nullptr;
}

// True when verdict or limit changed.
bool Daemon::decide_again(Container& container) {
  Decision next = decide(config_, container.names());
  const bool changed =
      next.verdict != container.decision.verdict || next.limit != container.decision.limit;
  if (changed) {
    compete(container.decision, false);
    compete(next, true);
  }
  container.decision = std::move(next);
  return changed;
}

void Daemon::compete(const Decision& decision, bool joins) {
  if (decision.verdict != Verdict::limited) return;
  joins ? budget_.add(decision.limit) : budget_.remove(decision.limit);
  unsettled_ = unsettled_ || divides();
}

std::vector<Rule> Daemon::wanted(const Container& container) const {
  if (container.decision.verdict != Verdict::limited) return {};
  if (!device_) return container.held;
  const Limit& wish = container.decision.limit;
  const Limit limit = divides() ? budget_.share(wish) : wish;
  if (limit.unlimited()) return {};
  return {{device_->rule, limit}};
}

std::vector<Rule> Daemon::wanted_total() const {
  if (version_ == CgroupVersion::v1 || config_.total_iops == 0) return {};
  return {{device_->rule, {.read_iops = config_.total_iops, .write_iops = config_.total_iops}}};
}

// ---- effect
// ---------------------------------------------------------------------------------------------------------

// What an earlier run left in a cgroup that is seen for the first time: as the kernel has it now.
std::vector<Rule> Daemon::adopted(const std::string& cgroup) {
  std::vector<Rule> held;
  const auto left = ours_.find(cgroup);
  if (left == ours_.end()) return held;
  for (const Rule& rule : left->second) {
    const auto limit = sink_.read({cgroup, rule.device});
    if (limit && !limit->unlimited()) held.push_back({rule.device, *limit});
  }
  ours_.erase(left);
  return held;
}

std::error_code Daemon::write_rules(const std::string& cgroup, const std::vector<Rule>& wanted,
                                    std::vector<Rule>& held) {
  std::error_code first;
  for (const Rule& rule : changes(wanted, held)) {
    std::error_code error = sink_.write({cgroup, rule.device}, rule.limit);
    // The kernel drops a disk's rules with the disk: nothing is left to remove.
    if (error == SinkError::device_refused && rule.limit.unlimited()) error.clear();
    if (error) {
      if (!first) first = error;
      continue;
    }
    std::erase_if(held, [&rule](const Rule& old) { return old.device == rule.device; });
    if (!rule.limit.unlimited()) held.push_back(rule);
  }
  return first;
}

// True when what should be in force is; without a disk nothing is.
bool Daemon::apply(Container& container) {
  const std::error_code error =
      write_rules(container.path.cgroup, wanted(container), container.held);
  if (error) report_error(container, error);
  container.last_error = error;
  return !error && (device_ || container.decision.verdict != Verdict::limited);
}

void Daemon::apply_total(const std::string& cgroup, Kubepods& tree) {
  if (!device_) return;
  const std::vector<Rule> before = tree.held;
  const std::error_code error = write_rules(cgroup, wanted_total(), tree.held);
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

void Daemon::repair_all() {
  for (const auto& entry : containers_) {
    repair(entry.first, entry.second.held, about(entry.second.path, entry.second.names()));
  }
  for (const auto& tree : kubepods_) {
    Report drift;
    drift.cgroup = tree.first;
    repair(tree.first, tree.second.held, std::move(drift));
  }
}

void Daemon::repair(const std::string& cgroup, const std::vector<Rule>& held, Report&& drift) {
  for (const Rule& rule : held) {
    const auto found = sink_.read({cgroup, rule.device});
    if (!found || *found == rule.limit) continue;
    if (sink_.write({cgroup, rule.device}, rule.limit)) continue;  // the next pass finds it again
    drift.severity = Severity::warning;
    drift.action = Action::repaired;
    drift.device = rule.device;
    drift.limit = rule.limit;
    drift.text = "somebody changed the limit of " + cgroup + " on " + to_string(rule.device) +
                 " to " + to_string(*found) + "; put back to " + to_string(rule.limit);
    reports_.push_back(drift);
  }
}

void Daemon::forget(const std::string& cgroup, const std::vector<Rule>& held) {
  for (const Rule& rule : held) sink_.forget({cgroup, rule.device});
}

// Cgroups that went while nobody listened, in this run or before it.
void Daemon::forget_missing(const Listing& listing) {
  std::set<std::string_view> present(listing.kubepods.begin(), listing.kubepods.end());
  for (const Sighting& sighting : listing.containers) present.insert(sighting.path.cgroup);
  std::vector<std::string> gone;
  for (const auto& entry : containers_) {
    if (!present.contains(entry.first)) gone.push_back(entry.first);
  }
  for (const auto& tree : kubepods_) {
    if (!present.contains(tree.first)) gone.push_back(tree.first);
  }
  for (const std::string& cgroup : gone) on_vanished(cgroup);
  for (const auto& left : ours_) {
    if (!present.contains(left.first)) forget(left.first, left.second);
  }
  std::erase_if(ours_, [&present](const auto& left) { return !present.contains(left.first); });
}

// ---- report
// ---------------------------------------------------------------------------------------------------------

bool Daemon::knows(std::string_view cgroup) const {
  return containers_.contains(cgroup) || kubepods_.contains(cgroup);
}

bool Daemon::has_record(std::string_view cgroup) const {
  const auto found = containers_.find(cgroup);
  return found != containers_.end() && found->second.record && !found->second.record->incomplete;
}

std::vector<std::string> Daemon::take_controller_missing() {
  return std::exchange(controller_missing_, {});
}

std::vector<Report> Daemon::take_reports() {
  return std::exchange(reports_, {});
}

void Daemon::report(Severity severity, std::string text) {
  Report message;
  message.severity = severity;
  message.text = std::move(text);
  reports_.push_back(std::move(message));
}

void Daemon::report_decision(const Container& container) {
  if (container.decision.verdict == Verdict::sandbox) return;
  Report line = about(container.path, container.names());
  if (container.held.empty()) {
    line.action = Action::exempted;
    line.text = "exempt: " + who(line) + "; " + container.decision.reason;
  } else {
    const Rule& rule = container.held.front();
    line.action = Action::limited;
    line.device = rule.device;
    line.limit = rule.limit;
    line.text = "limited: " + who(line) + " to " + to_string(rule.limit) + " on " +
                to_string(rule.device) + "; " + container.decision.reason;
  }
  reports_.push_back(std::move(line));
}

void Daemon::report_error(Container& container, std::error_code error) {
  if (error == SinkError::controller_missing) controller_missing_.push_back(container.path.cgroup);
  if (error == SinkError::cgroup_gone || error == container.last_error) return;
  Report line = about(container.path, container.names());
  line.severity = Severity::error;
  line.action = Action::lost;
  if (device_) line.device = device_->rule;
  line.text =
      "not limited: " + who(line) + ": " + error.message() + " (" + container.path.cgroup + ")";
  reports_.push_back(std::move(line));
}

std::string Daemon::status() const {
  std::size_t limited = 0;
  std::size_t exempt = 0;
  std::size_t failed = 0;
  for (const auto& entry : containers_) {
    const Container& container = entry.second;
    if (container.last_error) ++failed;
    if (container.decision.verdict == Verdict::exempt) ++exempt;
    if (!container.held.empty() && !container.last_error) ++limited;
  }
  std::string text = device_ ? describe(*device_) : "waiting: " + no_disk_;
  text +=
      "; " + std::to_string(limited) + " containers limited, " + std::to_string(exempt) + " exempt";
  if (failed != 0) text += ", " + std::to_string(failed) + " NOT limited (see the journal)";
  return text;
}

}  // namespace iopslimit
