// SPDX-License-Identifier: Apache-2.0
#include "control/controller.hpp"

#include <set>
#include <utility>

#include "control/wanted_rules.hpp"

namespace iopslimit {
Controller::Controller(const Parts& parts, Config config, std::vector<RuleKey> ours)
    : allocator_(parts.allocator),
      announcer_(parts.announcer),
      work_(parts.work),
      node_(
          parts.backend, std::move(config), std::move(ours),
          [this](const std::string& cgroup) { work_.verify(cgroup); }, announcer_),
      warnings_(announcer_) {}

// ---- facts ----

void Controller::on_appeared(ContainerPath path, RecordAnswer record) {
  ++node_.revision;
  if (path.kind == CgroupKind::kubepods) return kubepods_appeared(path.cgroup);
  if (path.kind == CgroupKind::pod) return pod_appeared(std::move(path));
  if (path.kind == CgroupKind::unfamiliar) return node_.left_alone.add(path);
  if (path.kind == CgroupKind::container) container_appeared(std::move(path), std::move(record));
}

void Controller::container_appeared(ContainerPath path, RecordAnswer record) {
  if (node_.by_pod(path)) {
    workload_appeared(pod_of(path), of_pod(std::move(record)));
  } else {
    const Workload& workload = workload_appeared(std::move(path), std::move(record));
    set_superseded(workload.path, true);
    node_.pod_rules.update_pod(pod_cgroup_of(workload.path), node_);
  }
}

void Controller::pod_appeared(ContainerPath pod) {
  if (node_.config.scope != LimitScope::pod) return;
  Workload& workload = introduce(std::move(pod));
  decide_again(workload);
  apply(workload);  // no event yet: the name is unknown until the sandbox appears, shortly
}

void Controller::kubepods_appeared(const std::string& cgroup) {
  const std::error_code error = node_.totals.apply(cgroup, node_.mounts);
  if (error == ControlError::controller_missing) work_.retry(cgroup);
}

void Controller::on_vanished(const ContainerPath& path) {
  ++node_.revision;
  if (Workload* workload = node_.workloads.find(path.cgroup)) {
    node_.rules.drop(workload->path.cgroup, workload->held);
    drop(*workload);
  }
  node_.totals.forget(path.cgroup);
  node_.pod_rules.vanished(path.cgroup, node_);
  node_.left_alone.forget(path.cgroup);
  if (path.kind == CgroupKind::pod) warnings_.forget(path.pod_uid);
}

void Controller::on_rescan(Listing listing) {
  ++node_.revision;
  release_missing(listing);
  for (const auto& workload : node_.workloads) repair(*workload, Reading::later);
  node_.totals.repair_all();
  node_.pod_rules.repair_all();
  for (const std::string& cgroup : listing.kubepods) kubepods_appeared(cgroup);
  for (ContainerPath& pod : listing.pods) pod_appeared(std::move(pod));
  for (ListedContainer& one : listing.containers)
    container_appeared(std::move(one.path), std::move(one.record));
  node_.pod_rules.update(node_);
  node_.note_left_alone(listing);
  if (node_.mounts.all_placed() && listing.whole) node_.rules.release_orphans();
}

void Controller::on_written(const std::string& cgroup, Reading reading) {
  ++node_.revision;
  if (node_.totals.repair(cgroup, reading) == ControlError::controller_missing) work_.retry(cgroup);
  static_cast<void>(node_.pod_rules.repair(cgroup, reading));
  if (Workload* workload = node_.workloads.find(cgroup)) repair(*workload, reading);
}

void Controller::on_config(Config config, Listing listing) {
  ++node_.revision;
  announcer_.settle();
  node_.cleared = false;
  node_.totals.restore();
  if (config.scope != node_.config.scope) return start_over(std::move(config), std::move(listing));
  node_.config = std::move(config);
  node_.mounts.configure(node_.config);
  allot_anew();
  release_missing(listing);
  learn_all(listing);
  std::set<const Workload*> changed;
  for (const auto& workload : node_.workloads) {
    if (decide_again(*workload)) changed.insert(workload.get());
    warnings_.announce(*workload);
  }
  for (const auto& workload : node_.workloads) {
    const std::vector<Rule> before = workload->held;
    const bool in_force = apply(*workload);
    if (workload->held.size() != before.size()) changed.insert(workload.get());  // other mounts
    if (in_force && changed.contains(workload.get())) announce_decision(*workload, before);
    if (!workload->is_counted()) changed.erase(workload.get());
  }
  for (ListedContainer& one : listing.containers) {  // newly included by [runtime] standalone
    if (!node_.knows(one.path.cgroup)) container_appeared(std::move(one.path), one.record);
  }
  node_.totals.apply_all(node_.mounts);
  node_.pod_rules.update(node_);
  node_.note_left_alone(listing);
  announcer_.emit(reloaded(changed.size(), node_.workloads.shown()));
}

void Controller::on_disks(const DiskFacts& facts) {
  ++node_.revision;
  const Targets before = node_.targets();
  for (const Event& event : node_.mounts.scan(facts)) announcer_.emit(event);
  if (node_.targets() == before) return;
  announcer_.settle();
  revalidate_lost();
  allot_anew();
  node_.totals.apply_all(node_.mounts);
  for (const auto& workload : node_.workloads) {
    const std::vector<Rule> held = workload->held;
    if (apply(*workload) && workload->held != held) announce_decision(*workload);
  }
  node_.pod_rules.update(node_);
}

void Controller::on_pauses(Pauses pauses) {
  ++node_.revision;
  announcer_.settle();
  const Pauses before = std::exchange(node_.pauses, std::move(pauses));
  for (const auto& workload : node_.workloads) {
    const bool was_paused = before.until(workload->path).has_value();
    if (was_paused == node_.pauses.until(workload->path).has_value()) continue;
    const bool in_force = apply(*workload);
    if (workload->decision.verdict != Verdict::limited || !in_force) continue;
    Event event = workload_event(workload->path, workload->names());
    announcer_.emit(was_paused ? resumed(std::move(event), workload->held)
                               : paused(std::move(event)));
  }
  node_.pod_rules.update(node_);
}

void Controller::on_contested(std::set<std::string> cgroups) {
  ++node_.revision;
  node_.pod_rules.set_contested(std::move(cgroups));
  node_.pod_rules.update(node_);
}

void Controller::rebalance() {
  ++node_.revision;
  announcer_.settle();
  for (const auto& workload : node_.workloads) apply(*workload);
}

void Controller::on_allotted(const std::vector<const Workload*>& workloads) {
  ++node_.revision;
  for (const Workload* one : workloads) apply(*node_.workloads.find(one->path.cgroup));
}

void Controller::clear() {
  node_.cleared = true;
  rebalance();
  node_.totals.clear();
  node_.pod_rules.update(node_);
}

// ---- decision ----

Workload& Controller::introduce(ContainerPath path) {
  if (Workload* known = node_.workloads.find(path.cgroup)) {
    announcer_.settle(*known);
    return *known;
  }
  Workload& workload = node_.workloads.add(std::move(path));
  workload.superseded = node_.has_leaf(workload.path);
  workload.held = node_.rules.adopt(workload.path.cgroup);
  return workload;
}

// Removes the workload; the caller has already handled its rules.
void Controller::drop(Workload& workload) {
  announcer_.settle(workload);
  leave(workload);
  set_superseded(workload.path, false);
  node_.workloads.erase(workload);
}

Workload& Controller::workload_appeared(ContainerPath path, RecordAnswer record) {
  Workload& workload = introduce(std::move(path));
  const bool learned = learn(workload, std::move(record));
  const bool failed_before = static_cast<bool>(workload.last_error);
  Before before;
  if (workload.announced && !failed_before) before = workload.held;
  const bool changed = decide_again(workload);
  const bool in_force = apply(workload);
  if (in_force && (!workload.announced || (learned && changed) || failed_before))
    announce_decision(workload, before);
  warnings_.announce(workload);
  return workload;
}

// Returns true if names, labels or annotations have become known.
bool Controller::learn(Workload& workload, RecordAnswer record) {
  const Workload::Learned learned = workload.learn(std::move(record));
  if (learned == Workload::Learned::bad_record)
    announcer_.emit(unusable_record(workload_event(workload.path, nullptr),
                                    std::get<BadRecord>(workload.record).why));
  return learned == Workload::Learned::record;
}

// The records that were read for a new configuration. Where there is none, the known one stays.
void Controller::learn_all(const Listing& listing) {
  for (const auto& workload : node_.workloads) workload->read_again = true;
  for (const auto& [path, record] : listing.containers) {
    const bool by_pod = node_.by_pod(path);
    if (Workload* known =
            node_.workloads.find(by_pod ? pod_cgroup_of(path) : std::string_view(path.cgroup)))
      learn(*known, by_pod ? of_pod(record) : record);
  }
}

// Returns true if the verdict or the limit has changed.
bool Controller::decide_again(Workload& workload) {
  Decision next = decide(node_.config, workload.path, workload.record);
  const bool changed = next.verdict != workload.decision.verdict ||
                       next.limits != workload.decision.limits ||
                       next.terms != workload.decision.terms;
  if (changed) leave(workload);
  workload.decision = std::move(next);
  if (changed) join(workload);
  return changed;
}

// Devices or totals have changed: all workloads compete anew.
void Controller::allot_anew() {
  allocator_.reset(node_.targets());
  for (const auto& workload : node_.workloads) join(*workload);
}

const std::vector<Rule>& Controller::wanted(const Workload& workload) {
  wanted_.clear();
  if (!node_.lifted(workload)) add_wanted_rules(workload, node_.mounts, allocator_, wanted_);
  return wanted_;
}

// ---- effect ----

// Returns true if the wanted rules are in force; without any data mount returns false.
bool Controller::apply(Workload& workload) {
  const std::vector<Rule>& rules = wanted(workload);
  if (workload.changes_at_once(rules)) return false;
  const std::error_code error = node_.rules.set(workload.path.cgroup, rules, workload.held);
  note_error(workload, error);
  return !error && (node_.mounts.any_mounted() || workload.decision.verdict != Verdict::limited);
}

// The number of a disk that is gone may belong to another disk now.
void Controller::revalidate_lost() {
  for (const Devnum lost : node_.mounts.lost()) {
    for (const auto& workload : node_.workloads)
      node_.rules.revalidate(workload->path.cgroup, lost, workload->held);
    node_.totals.revalidate(lost);
    node_.pod_rules.revalidate(lost);
  }
}

// A process leaf has come, or is going. Does nothing for any other path. The scope keeps its
// rules: a container can make such a child, too, while its processes stay where they are.
void Controller::set_superseded(const ContainerPath& leaf, bool superseded) {
  if (leaf.leaf != ProcessLeaf::itself) return;
  Workload* scope = node_.workloads.find(scope_of(leaf));
  if (scope == nullptr || scope->superseded == superseded) return;
  announcer_.settle(*scope);
  leave(*scope);
  scope->superseded = superseded;
  join(*scope);
}

// Another scope has other workloads. The old rules stay in force until the rules of the new
// workloads are, as after a restart.
void Controller::start_over(Config config, Listing listing) {
  node_.config = std::move(config);
  node_.mounts.configure(node_.config);
  for (const auto& workload : node_.workloads)
    node_.rules.orphan(workload->path.cgroup, workload->held);
  node_.workloads = {};
  node_.pod_rules.hand_over();
  allot_anew();
  on_rescan(std::move(listing));
  announcer_.emit(service_event(Severity::info, Action::reloaded,
                                "configuration reloaded: [limits] scope changed, all " +
                                    std::to_string(node_.workloads.shown()) +
                                    " were decided anew"));
}

void Controller::repair(Workload& workload, Reading reading) {
  const auto changed = [&](const Rule& rule, const Limit& found) {
    announcer_.emit(repaired(workload_event(workload.path, workload.names()), rule, found));
  };
  const std::error_code error =
      node_.rules.repair(workload.path.cgroup, workload.held, changed, reading);
  // Without an error now an earlier one still stands, unless it was about these rules.
  const bool is_over = !error && workload.last_error && workload.changes_at_once(wanted(workload));
  if (error || is_over) note_error(workload, error);
}

// A workload that is not in the listing is gone, or the service must not limit it any more. In the
// second case its rule must be removed.
void Controller::release_missing(const Listing& listing) {
  if (!listing.whole) return;  // nobody loses a limit because a directory could not be read
  const ListingIndex shown(listing);
  std::vector<Workload*> gone;
  for (const auto& workload : node_.workloads) {
    if (!shown.cgroups.contains(workload->path.cgroup)) gone.push_back(workload.get());
  }
  for (Workload* workload : gone) {
    node_.rules.release(workload->path.cgroup, workload->held);
    drop(*workload);
  }
  const auto is_shown = [&shown](const auto& cgroup) { return shown.cgroups.contains(cgroup); };
  node_.totals.release_unless(is_shown);
  node_.pod_rules.release_unless(is_shown);
  warnings_.keep(shown.pod_uids);
}

// ---- report ----

void Controller::announce_decision(Workload& workload, const Before& before) {
  workload.announced = true;
  if (workload.decision.verdict == Verdict::sandbox || workload.superseded) return;
  if (node_.lifted(workload)) return;
  announcer_.decided(workload, before);
}

void Controller::note_error(Workload& workload, std::error_code error) {
  const bool announced = error == std::exchange(workload.last_error, error);
  if (error == ControlError::controller_missing) work_.retry(workload.path.cgroup);
  if (!error || error == ControlError::cgroup_gone || announced) return;
  std::vector<Rule> missing = changes(wanted(workload), workload.held);
  if (missing.empty()) missing = workload.held;  // changed again at once
  announcer_.emit(not_limited(workload_event(workload.path, workload.names()), missing, error));
}

}  // namespace iopslimit
