// SPDX-License-Identifier: Apache-2.0
#include "control/controller.hpp"

#include <algorithm>
#include <utility>

namespace iopslimit {

Controller::Controller(LimitBackend& backend, CgroupVersion version, Config config,
                       std::vector<RuleKey> ours)
    : version_(version),
      config_(std::move(config)),
      rules_(backend, std::move(ours)),
      pods_total_(rules_, version_, [this](Event event) { emit(std::move(event)); }),
      mounts_(config_) {}

// ---- facts ----

void Controller::on_appeared(const ContainerPath& path, const RecordAnswer& record) {
  ++revision_;
  if (by_pod(path)) {
    const auto pod = parse_pod_path(pod_cgroup_of(path));
    return workload_appeared(*pod, of_pod(record));
  }
  if (superseded(path)) return;
  workload_appeared(path, record);
  supersede(path);
}

void Controller::on_pod(const ContainerPath& pod) {
  ++revision_;
  if (config_.scope != LimitScope::pod) return;
  Workload& workload = introduce(pod);
  decide_again(workload);
  apply(workload);  // no event yet: the name is unknown until the sandbox appears, shortly
}

void Controller::on_vanished(std::string_view cgroup) {
  ++revision_;
  if (const auto found = workloads_.find(cgroup); found != workloads_.end()) {
    const Workload& workload = *found->second;
    rules_.drop(workload.path.cgroup, workload.held);
    drop(found);
  } else if (pods_total_.forget(cgroup) || warnings_.empty()) {
    return;
  }
  if (const auto pod = parse_pod_path(cgroup)) warnings_.forget(pod->pod_uid);
}

void Controller::on_kubepods(const std::string& cgroup) {
  ++revision_;
  const std::error_code error = pods_total_.apply(cgroup, mounts_);
  if (error == ControlError::controller_missing) controller_missing_.push_back(cgroup);
}

void Controller::on_rescan(const Listing& listing) {
  ++revision_;
  release_missing(listing);
  for (const auto& entry : workloads_) repair(*entry.second);
  pods_total_.repair_all();
  for (const std::string& cgroup : listing.kubepods) on_kubepods(cgroup);
  for (const ContainerPath& pod : listing.pods) on_pod(pod);
  for (const ListedContainer& sighting : listing.containers)
    on_appeared(sighting.path, sighting.record);
  if (mounts_.all_placed() && listing.whole) rules_.release_orphans();
}

void Controller::on_written(const std::string& cgroup) {
  ++revision_;
  if (pods_total_.repair(cgroup) == ControlError::controller_missing)
    controller_missing_.push_back(cgroup);
  if (const auto workload = workloads_.find(cgroup); workload != workloads_.end())
    repair(*workload->second);
}

void Controller::on_config(Config config, const Listing& listing) {
  ++revision_;
  word();
  cleared_ = false;
  pods_total_.restore();
  if (config.scope != config_.scope) return start_over(std::move(config), listing);
  config_ = std::move(config);
  announced_no_labels_ = false;
  mounts_.configure(config_);
  divide_anew();
  for (const auto& entry : workloads_) entry.second->read_again = true;
  release_missing(listing);
  for (const auto& [path, record] : listing.containers) {
    const auto known = workloads_.find(by_pod(path) ? pod_cgroup_of(path) : path.cgroup);
    if (known != workloads_.end()) learn(*known->second, by_pod(path) ? of_pod(record) : record);
  }
  std::set<const Workload*> changed;
  for (const auto& entry : workloads_) {
    if (decide_again(*entry.second)) changed.insert(entry.second.get());
    announce_warnings(*entry.second);
  }
  for (const auto& entry : workloads_) {
    Workload& workload = *entry.second;
    const std::vector<Rule> before = workload.held;
    const bool in_force = apply(workload);
    if (workload.held.size() != before.size()) changed.insert(&workload);  // data mounts changed
    if (in_force && changed.contains(&workload)) announce_decision(workload, before);
  }
  for (const auto& [path, record] : listing.containers) {
    if (!knows(path.cgroup)) on_appeared(path, record);  // newly included by [runtime] standalone
  }
  pods_total_.apply_all(mounts_);
  emit(service_event(Severity::info, Action::reloaded,
                     "configuration reloaded: " + std::to_string(changed.size()) + " of " +
                         std::to_string(workloads_.size()) + " containers changed"));
}

void Controller::on_disks(const DiskFacts& facts) {
  ++revision_;
  const Targets before = mounts_.targets();
  for (Event& event : mounts_.scan(facts)) emit(std::move(event));
  if (mounts_.targets() == before) return;
  word();
  revalidate_lost();
  divide_anew();
  pods_total_.apply_all(mounts_);
  for (const auto& entry : workloads_) {
    Workload& workload = *entry.second;
    const std::vector<Rule> held = workload.held;
    if (apply(workload) && workload.held != held) announce_decision(workload);
  }
}

void Controller::rebalance() {
  ++revision_;
  word();
  needs_rebalance_ = false;
  for (const auto& entry : workloads_) apply(*entry.second);
}

void Controller::clear() {
  ++revision_;
  cleared_ = true;
  rebalance();
  pods_total_.clear();
}

// ---- decision ----

// With scope = pod the containers of a pod have no rules of their own.
bool Controller::by_pod(const ContainerPath& path) const {
  return config_.scope == LimitScope::pod && !path.pod_uid.empty() && !path.id.empty();
}

Workload& Controller::introduce(const ContainerPath& path) {
  const auto known = workloads_.find(path.cgroup);
  if (known != workloads_.end()) {
    if (known->second->waits) word();
    return *known->second;
  }
  auto workload = std::make_unique<Workload>();
  workload->path = path;
  workload->held = rules_.adopt(path.cgroup);
  const std::string_view key = workload->path.cgroup;
  return *workloads_.emplace(key, std::move(workload)).first->second;
}

// Removes the workload; the caller has already handled its rules.
void Controller::drop(Workloads::const_iterator entry) {
  Workload& workload = *entry->second;
  if (workload.waits) word();
  compete(workload, workload.decision, false);
  workload.count(counts_, true);
  workloads_.erase(entry);
}

void Controller::workload_appeared(const ContainerPath& path, const RecordAnswer& record) {
  Workload& workload = introduce(path);
  const bool learned = learn(workload, record);
  const bool failed_before = static_cast<bool>(workload.last_error);
  Before before;
  if (workload.announced && !failed_before) before = workload.held;
  const bool changed = decide_again(workload);
  const bool in_force = apply(workload);
  if (in_force && (!workload.announced || (learned && changed) || failed_before))
    announce_decision(workload, before);
  announce_warnings(workload);
}

// Returns true if names, labels or annotations have become known.
bool Controller::learn(Workload& workload, const RecordAnswer& record) {
  const Workload::Learned learned = workload.learn(record);
  if (learned == Workload::Learned::bad_record) {
    emit(warning(workload_event(workload.path, nullptr),
                 "the runtime's record cannot be used: " + std::get<BadRecord>(record).why +
                     "; limited with the default"));
  }
  if (learned == Workload::Learned::record) announce_unknown_labels(*workload.names());
  return learned == Workload::Learned::record;
}

// Returns true if the verdict or the limit has changed.
bool Controller::decide_again(Workload& workload) {
  Decision next = decide(config_, workload.path, workload.names());
  const bool changed =
      next.verdict != workload.decision.verdict || next.limits != workload.decision.limits;
  if (changed) {
    compete(workload, workload.decision, false);
    compete(workload, next, true);
  }
  workload.decision = std::move(next);
  return changed;
}

// The total applies to all pods; a container outside of pods has no share in it.
void Controller::compete(const Workload& workload, const Decision& decision, bool joins) {
  if (decision.verdict != Verdict::limited || workload.standalone()) return;
  joins ? budgets_.add(targets(), decision.limits) : budgets_.remove(targets(), decision.limits);
  needs_rebalance_ = needs_rebalance_ || divides();
}

// Devices or totals have changed: all workloads compete anew.
void Controller::divide_anew() {
  budgets_.start_over(targets());
  for (const auto& entry : workloads_) compete(*entry.second, entry.second->decision, true);
}

bool Controller::divides() const {
  return version_ == CgroupVersion::v1 &&
         std::ranges::any_of(targets(), [](const Target& one) { return one.total_iops != 0; });
}

std::vector<Rule> Controller::wanted(const Workload& workload) const {
  if (workload.decision.verdict != Verdict::limited || lifted(workload)) return {};
  std::vector<Rule> rules = mounts_.kept(workload.held);
  const bool divided = version_ == CgroupVersion::v1 && !workload.standalone();
  for (std::size_t i = 0; i < targets().size(); ++i) {
    const Target& target = targets()[i];
    Limit limit = target.limit(workload.decision.limits);
    if (divided) limit = budgets_.share(i, limit);
    if (target.mounted && !limit.unlimited()) rules.push_back({target.device.devnum, limit});
  }
  return rules;
}

// ---- effect ----

// Returns true if the wanted rules are in force; without any data mount returns false.
bool Controller::apply(Workload& workload) {
  const std::error_code error = rules_.set(workload.path.cgroup, wanted(workload), workload.held);
  note_error(workload, error);
  workload.count(counts_);
  return !error && (mounts_.any_mounted() || workload.decision.verdict != Verdict::limited);
}

// The number of a disk that is gone may belong to another disk now.
void Controller::revalidate_lost() {
  for (const Devnum lost : mounts_.lost()) {
    for (const auto& entry : workloads_) {
      rules_.revalidate(entry.second->path.cgroup, lost, entry.second->held);
      entry.second->count(counts_);
    }
    pods_total_.revalidate(lost);
  }
}

// Throttling on v1 has no hierarchy in the kernel: once crun has moved the processes into the
// scope's child cgroup, the scope's own rule has no effect.
bool Controller::superseded(const ContainerPath& scope) const {
  return version_ == CgroupVersion::v1 && may_hold_process_leaf(scope.cgroup, config_.standalone) &&
         workloads_.contains(process_leaf_of(scope));
}

void Controller::supersede(const ContainerPath& leaf) {
  const std::string_view cgroup = version_ == CgroupVersion::v1 ? scope_of(leaf) : "";
  const auto scope = workloads_.find(cgroup);
  if (scope == workloads_.end()) return;
  rules_.release(scope->second->path.cgroup, scope->second->held);
  drop(scope);
}

// Another scope has other workloads. The old rules stay in force until the rules of the new
// workloads are, as after a restart.
void Controller::start_over(Config config, const Listing& listing) {
  config_ = std::move(config);
  mounts_.configure(config_);
  for (const auto& entry : std::exchange(workloads_, {}))
    rules_.orphan(entry.second->path.cgroup, entry.second->held);
  counts_ = {};
  divide_anew();
  on_rescan(listing);
  emit(service_event(Severity::info, Action::reloaded,
                     "configuration reloaded: [limits] scope changed, all " +
                         std::to_string(workloads_.size()) + " were decided anew"));
}

void Controller::repair(Workload& workload) {
  const std::error_code error =
      rules_.repair(workload.path.cgroup, workload.held, [&](const Rule& rule, const Limit& found) {
        emit(repaired(workload_event(workload.path, workload.names()), rule, found));
      });
  if (!error) return;  // an earlier error, if any, still stands
  note_error(workload, error);
  workload.count(counts_);
}

// A workload that is not in the listing is gone, or the service must not limit it any more. In the
// second case its rule must be removed.
void Controller::release_missing(const Listing& listing) {
  if (!listing.whole) return;  // nobody loses a limit because a directory could not be read
  const ListingIndex shown(listing);
  std::vector<std::string> gone;
  for (const auto& entry : workloads_) {
    const Workload& workload = *entry.second;
    if (shown.cgroups.contains(workload.path.cgroup)) continue;
    rules_.release(workload.path.cgroup, workload.held);
    gone.push_back(workload.path.cgroup);
  }
  pods_total_.release_unless(
      [&shown](const std::string& cgroup) { return shown.cgroups.contains(cgroup); });
  for (const std::string& cgroup : gone) on_vanished(cgroup);
  warnings_.keep(shown.pod_uids);
}

// ---- report ----

Controller::Workloads::const_iterator Controller::find(std::string_view cgroup) const {
  const auto found = workloads_.find(cgroup);
  if (found != workloads_.end() || config_.scope != LimitScope::pod) return found;
  return workloads_.find(cgroup.substr(0, cgroup.rfind('/')));
}

bool Controller::knows(std::string_view cgroup) const {
  return find(cgroup) != workloads_.end() || pods_total_.knows(cgroup);
}

bool Controller::has_record(std::string_view cgroup) const {
  const auto found = find(cgroup);
  return found != workloads_.end() && found->second->has_whole_record();
}

}  // namespace iopslimit
