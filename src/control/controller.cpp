// SPDX-License-Identifier: Apache-2.0
#include "control/controller.hpp"

#include <algorithm>
#include <utility>

namespace iopslimit {

Daemon::Daemon(LimitSink& sink, CgroupVersion version, Config config, std::vector<RulePlace> ours)
    : version_(version),
      config_(std::move(config)),
      rules_(sink, std::move(ours)),
      kubepods_(rules_, version_, [this](Report news) { tell(std::move(news)); }),
      mounts_(config_) {}

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
    const Carrier& carrier = *found->second;
    rules_.forget(carrier.path.cgroup, carrier.held);
    drop(found);
  } else if (kubepods_.forget(cgroup) || complaints_.empty()) {
    return;
  }
  if (const auto pod = parse_pod_path(cgroup)) complaints_.forget(pod->pod_uid);
}

void Daemon::on_kubepods(const std::string& cgroup) {
  const std::error_code error = kubepods_.apply(cgroup, mounts_);
  if (error == SinkError::controller_missing) controller_missing_.push_back(cgroup);
}

void Daemon::on_rescan(const Listing& listing) {
  release_missing(listing);
  for (const auto& entry : carriers_) repair(*entry.second);
  kubepods_.repair_all();
  for (const std::string& cgroup : listing.kubepods) on_kubepods(cgroup);
  for (const ContainerPath& pod : listing.pods) on_pod(pod);
  for (const Sighting& sighting : listing.containers) on_appeared(sighting.path, sighting.record);
  if (mounts_.all_placed() && listing.whole) rules_.release_left();
}

void Daemon::on_written(const std::string& cgroup) {
  if (kubepods_.repair(cgroup) == SinkError::controller_missing)
    controller_missing_.push_back(cgroup);
  if (const auto carrier = carriers_.find(cgroup); carrier != carriers_.end())
    repair(*carrier->second);
}

void Daemon::on_config(Config config, const Listing& listing) {
  word();
  cleared_ = false;
  kubepods_.restore();
  if (config.scope != config_.scope) return start_over(std::move(config), listing);
  config_ = std::move(config);
  said_no_labels_ = false;
  mounts_.configure(config_);
  divide_anew();
  for (const auto& entry : carriers_) entry.second->read_again = true;
  release_missing(listing);
  for (const auto& [path, record] : listing.containers) {
    const auto known = carriers_.find(by_pod(path) ? pod_cgroup_of(path) : path.cgroup);
    if (known != carriers_.end()) learn(*known->second, by_pod(path) ? of_pod(record) : record);
  }
  std::set<const Carrier*> changed;
  for (const auto& entry : carriers_) {
    if (decide_again(*entry.second)) changed.insert(entry.second.get());
    report_complaints(*entry.second);
  }
  for (const auto& entry : carriers_) {
    Carrier& carrier = *entry.second;
    const std::vector<Rule> before = carrier.held;
    const bool in_force = apply(carrier);
    if (carrier.held.size() != before.size()) changed.insert(&carrier);  // other data mounts
    if (in_force && changed.contains(&carrier)) report_decision(carrier, before);
  }
  for (const auto& [path, record] : listing.containers) {
    if (!knows(path.cgroup)) on_appeared(path, record);  // [runtime] standalone asks for it now
  }
  kubepods_.apply_all(mounts_);
  tell(news(Severity::info, Action::reloaded,
            "configuration reloaded: " + std::to_string(changed.size()) + " of " +
                std::to_string(carriers_.size()) + " containers changed"));
}

void Daemon::on_disks(const DiskFacts& facts) {
  const Targets before = mounts_.targets();
  for (Report& news : mounts_.look(facts)) tell(std::move(news));
  if (mounts_.targets() == before) return;
  word();
  recheck_lost();
  divide_anew();
  kubepods_.apply_all(mounts_);
  for (const auto& entry : carriers_) {
    Carrier& carrier = *entry.second;
    const std::vector<Rule> held = carrier.held;
    if (apply(carrier) && carrier.held != held) report_decision(carrier);
  }
}

void Daemon::settle() {
  word();
  unsettled_ = false;
  for (const auto& entry : carriers_) apply(*entry.second);
}

void Daemon::clear() {
  cleared_ = true;
  settle();
  kubepods_.clear();
}

// ---- decision ----

// With scope = pod a pod's containers have no rules of their own.
bool Daemon::by_pod(const ContainerPath& path) const {
  return config_.scope == LimitScope::pod && !path.pod_uid.empty() && !path.id.empty();
}

Carrier& Daemon::introduce(const ContainerPath& path) {
  const auto known = carriers_.find(path.cgroup);
  if (known != carriers_.end()) {
    if (known->second->waits) word();
    return *known->second;
  }
  auto carrier = std::make_unique<Carrier>();
  carrier->path = path;
  carrier->held = rules_.adopt(path.cgroup);
  const std::string_view key = carrier->path.cgroup;
  return *carriers_.emplace(key, std::move(carrier)).first->second;
}

// What becomes of its rules is decided before.
void Daemon::drop(Carriers::const_iterator entry) {
  Carrier& carrier = *entry->second;
  if (carrier.waits) word();
  compete(carrier, carrier.decision, false);
  carrier.count(counts_, true);
  carriers_.erase(entry);
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
    tell(warning(about(carrier.path, nullptr),
                 "the runtime's record cannot be used: " + std::get<BadRecord>(record).why +
                     "; limited with the default"));
  }
  if (learned == Carrier::Learned::record) report_unknown_labels(*carrier.names());
  return learned == Carrier::Learned::record;
}

// True when verdict or limit changed.
bool Daemon::decide_again(Carrier& carrier) {
  Decision next = decide(config_, carrier.path, carrier.names());
  const bool changed =
      next.verdict != carrier.decision.verdict || next.limits != carrier.decision.limits;
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
  joins ? budgets_.add(targets(), decision.limits) : budgets_.remove(targets(), decision.limits);
  unsettled_ = unsettled_ || divides();
}

// Other devices or other totals: everybody competes anew.
void Daemon::divide_anew() {
  budgets_.start_over(targets());
  for (const auto& entry : carriers_) compete(*entry.second, entry.second->decision, true);
}

bool Daemon::divides() const {
  return version_ == CgroupVersion::v1 &&
         std::ranges::any_of(targets(), [](const Target& one) { return one.total_iops != 0; });
}

std::vector<Rule> Daemon::wanted(const Carrier& carrier) const {
  if (carrier.decision.verdict != Verdict::limited || let_go(carrier)) return {};
  std::vector<Rule> rules = mounts_.kept(carrier.held);
  const bool divided = version_ == CgroupVersion::v1 && !carrier.standalone();
  for (std::size_t i = 0; i < targets().size(); ++i) {
    const Target& target = targets()[i];
    Limit limit = target.limit(carrier.decision.limits);
    if (divided) limit = budgets_.share(i, limit);
    if (target.mounted && !limit.unlimited()) rules.push_back({target.device.devnum, limit});
  }
  return rules;
}

// ---- effect ----

// True when what should be in force is; without any data mount nothing is.
bool Daemon::apply(Carrier& carrier) {
  const std::error_code error = rules_.write(carrier.path.cgroup, wanted(carrier), carrier.held);
  note_error(carrier, error);
  carrier.count(counts_);
  return !error && (mounts_.any_mounted() || carrier.decision.verdict != Verdict::limited);
}

// Another disk may have the number of one that is gone.
void Daemon::recheck_lost() {
  for (const Devnum lost : mounts_.lost()) {
    for (const auto& entry : carriers_) {
      rules_.recheck(entry.second->path.cgroup, lost, entry.second->held);
      entry.second->count(counts_);
    }
    kubepods_.recheck(lost);
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
  rules_.release(scope->second->path.cgroup, scope->second->held);
  drop(scope);
}

// Another scope has other carriers. What is in force stays so until theirs is, as after a restart.
void Daemon::start_over(Config config, const Listing& listing) {
  config_ = std::move(config);
  mounts_.configure(config_);
  for (const auto& entry : std::exchange(carriers_, {}))
    rules_.leave(entry.second->path.cgroup, entry.second->held);
  counts_ = {};
  divide_anew();
  on_rescan(listing);
  tell(news(Severity::info, Action::reloaded,
            "configuration reloaded: [limits] scope changed, all " +
                std::to_string(carriers_.size()) + " were decided anew"));
}

void Daemon::repair(Carrier& carrier) {
  const std::error_code error =
      rules_.repair(carrier.path.cgroup, carrier.held, [&](const Rule& rule, const Limit& found) {
        tell(repaired(about(carrier.path, carrier.names()), rule, found));
      });
  if (!error) return;  // what else failed before still does
  note_error(carrier, error);
  carrier.count(counts_);
}

// What a listing does not show is gone, or not ours to limit any more. If it is still there, its
// rule must not be.
void Daemon::release_missing(const Listing& listing) {
  if (!listing.whole) return;  // nobody loses a limit because a directory could not be read
  const Shown shown(listing);
  std::vector<std::string> gone;
  for (const auto& entry : carriers_) {
    const Carrier& carrier = *entry.second;
    if (shown.cgroups.contains(carrier.path.cgroup)) continue;
    rules_.release(carrier.path.cgroup, carrier.held);
    gone.push_back(carrier.path.cgroup);
  }
  kubepods_.release_unless(
      [&shown](const std::string& cgroup) { return shown.cgroups.contains(cgroup); });
  for (const std::string& cgroup : gone) on_vanished(cgroup);
  complaints_.keep(shown.pod_uids);
}

// ---- report ----

Daemon::Carriers::const_iterator Daemon::find(std::string_view cgroup) const {
  const auto found = carriers_.find(cgroup);
  if (found != carriers_.end() || config_.scope != LimitScope::pod) return found;
  return carriers_.find(cgroup.substr(0, cgroup.rfind('/')));
}

bool Daemon::knows(std::string_view cgroup) const {
  return find(cgroup) != carriers_.end() || kubepods_.knows(cgroup);
}

bool Daemon::has_record(std::string_view cgroup) const {
  const auto found = find(cgroup);
  return found != carriers_.end() && found->second->has_whole_record();
}

}  // namespace iopslimit
