// SPDX-License-Identifier: Apache-2.0
#include "service/observer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "advice/history_file.hpp"
#include "advice/workload_name.hpp"
#include "loop/clock.hpp"

namespace iopslimit {
namespace {

using std::chrono::microseconds;

constexpr std::chrono::milliseconds save_interval{600000};
// After this time a scan of many containers lets other work go first.
constexpr microseconds most_at_once{5000};
constexpr std::chrono::milliseconds give_way{1};
// The kernel lets somewhat less through than the limit.
constexpr double near_limit = 0.95;

// Since the counts `before`; 0 if the counter is another one now.
std::uint64_t ios_between(const IoCounts& before, const IoCounts& now, Devnum device,
                          std::size_t direction) {
  const std::uint64_t from = ios_of(count_on(before, device), direction);
  const std::uint64_t to = ios_of(count_on(now, device), direction);
  return to > from ? to - from : 0;
}

// With scope = pod there is no container. Names that are not Kubernetes' own are not kept.
std::optional<WorkloadName> name_of(const Workload& workload) {
  const Record* record = workload.names();
  if (record == nullptr || !workload.is_counted() || workload.standalone()) return std::nullopt;
  for (const std::string* name : {&record->pod_namespace, &record->pod}) {
    if (!is_kubernetes_name(*name)) return std::nullopt;
  }
  const bool is_pod = workload.path.id.empty();
  if (is_pod ? !record->name.empty() : !is_kubernetes_name(record->name)) return std::nullopt;
  return workload_of_pod(record->pod);
}

}  // namespace

Observer::Observer(EventLoop& loop, const Hierarchy& tree, const Controller& controller,
                   std::string file, Announce announce, ObserverClock clock)
    : controller_(controller),
      file_(std::move(file)),
      announce_(std::move(announce)),
      clock_(std::move(clock)),
      totals_(tree),
      counters_(tree),
      timer_(
          loop, [this] { tick(); }, Priority::idle),
      history_(controller.node().config.half_life),
      saved_(clock_.monotonic()) {
  load();
}

// ---- the file ----

void Observer::load() {
  if (loaded_ || !controller_.node().config.observe) return;
  loaded_ = true;
  auto [history, problem] = load_history(file_, controller_.node().config.half_life);
  history_ = std::move(history);
  if (!problem.empty()) announce_(service_event(Severity::warning, Action::none, problem));
}

void Observer::save() {
  if (!changed_) return;
  saved_ = clock_.monotonic();
  history_.drop_old();
  const std::error_code error = save_history(file_, history_);
  changed_ = static_cast<bool>(error);
  if (error == std::exchange(last_error_, error)) return;
  const std::string text =
      error ? "cannot write " + file_ + ": " + error.message() +
                  "; what containers use is observed, but a restart of the service forgets it"
            : "what containers use is saved in " + file_ + " again";
  announce_(service_event(error ? Severity::warning : Severity::info, Action::none, text));
}

void Observer::stop() {
  timer_.stop();
  cursor_.clear();
  changed_ = history_.finish_before(minute() + 1) || changed_;
  save();
}

void Observer::reconfigure() {
  const Config& config = controller_.node().config;
  history_.set_half_life(config.half_life);
  if (config.observe) return load();
  stop();
  known_.clear();
}

// ---- who exists ----

void Observer::check() {
  if (!controller_.node().config.observe) return;
  ++round_;
  see_all();
  if (asleep()) tick();
  if (clock_.monotonic() - saved_ >= save_interval) save();
}

void Observer::see_all() {
  const Node& node = controller_.node();
  std::erase_if(known_,
                [&node](const auto& one) { return node.workloads.find(one.first) == nullptr; });
  for (const auto& workload : node.workloads) see(*workload);
}

// Null for one that is not observed.
WorkloadHistory* Observer::see(const Workload& workload) {
  const auto name = name_of(workload);
  if (!name) return nullptr;
  const Record& record = *workload.names();
  WorkloadFacts facts{.exempt = workload.decision.verdict == Verdict::exempt,
                      .one_pod = name->glob == name->name,
                      .cut_names = !name->glob.ends_with("-*")};
  if (!workload.decision.limits.empty()) {
    const Limit& limit = workload.decision.limits.front();
    facts.limits = {limit.read_iops, limit.write_iops};
  }
  return history_.see({record.pod_namespace, name->name, record.name}, facts, minute(), round_);
}

// ---- samples ----

// Returns true if the pods did I/O since the reading before.
bool Observer::read_total() {
  IoCounts sum;
  for (const std::string& root : controller_.node().totals.cgroups()) {
    const auto counts = totals_.with_children(root);
    if (!counts) return false;  // it may be about to go
    for (const auto& [device, count] : *counts) {
      sum[device].read_ios += count.read_ios;
      sum[device].write_ios += count.write_ios;
    }
  }
  const Msec now = clock_.monotonic();
  const bool is_first = total_.at == Msec{0};
  const bool moved = !is_first && sum != total_.counts;
  const Reading before = std::exchange(total_, {std::move(sum), now});
  if (moved) add_total(before.counts, before.at);
  return moved;
}

void Observer::tick() {
  if (cursor_.empty()) {
    const bool moved = read_total();
    changed_ = history_.finish_before(minute()) || changed_;
    if (!moved) {
      quiet_ = total_.at;
      return timer_.stop();
    }
  }
  scan();
}

// Reads the containers in the order of their cgroups, a part of them at a time.
void Observer::scan() {
  const microseconds begin = processor_time();
  const WorkloadTable& workloads = controller_.node().workloads;
  while (const Workload* next = workloads.after(cursor_)) {
    if (processor_time() - begin > most_at_once) return timer_.restart(give_way);
    cursor_ = next->path.cgroup;
    read(*next);
  }
  cursor_.clear();
  timer_.restart(clock_.period);
}

// While the counters of all pods did not move, no container's did: its last reading holds for
// that time.
void Observer::read(const Workload& workload) {
  WorkloadHistory* history = see(workload);
  if (history == nullptr) return;
  auto counts = counters_.counts(workload.path.cgroup);
  if (!counts) return;
  const Msec now = clock_.monotonic();
  Reading& known = known_[workload.path.cgroup];
  const Reading before = std::exchange(known, {std::move(*counts), now});
  const Msec since = std::max(before.at, quiet_);
  if (before.at == Msec{0} || now <= since) return;
  UsageSample sample{.seconds = std::chrono::duration<double>(now - since).count()};
  bool any = false;
  for (const Target& target : controller_.node().targets()) {
    for (const std::size_t direction : {0U, 1U}) {
      const std::uint64_t ios =
          ios_between(before.counts, known.counts, target.device.devnum, direction);
      any = add_way(&workload, target, direction, ios, sample) || any;
    }
  }
  if (any) history_.add(*history, sample, minute());
}

void Observer::add_total(const IoCounts& before, Msec since) {
  WorkloadFacts facts;
  UsageSample sample{.seconds = std::chrono::duration<double>(total_.at - since).count()};
  bool any = false;
  for (const Target& target : controller_.node().targets()) {
    if (facts.limits[0] == 0) facts.limits = {target.total_iops, target.total_iops};
    for (const std::size_t direction : {0U, 1U}) {
      const std::uint64_t ios = ios_between(before, total_.counts, target.device.devnum, direction);
      any = add_way(nullptr, target, direction, ios, sample) || any;
    }
  }
  WorkloadHistory* history = any ? history_.see({}, facts, minute(), round_) : nullptr;
  if (history != nullptr) history_.add(*history, sample, minute());
}

// The device with the most I/O counts, because the limit holds on each data mount. `workload` is
// null for all pods together. Returns false without I/O.
bool Observer::add_way(const Workload* workload, const Target& target, std::size_t direction,
                       std::uint64_t ios, UsageSample& sample) const {
  if (ios == 0 || sample.seconds <= 0) return false;
  const Node& node = controller_.node();
  std::uint64_t limit = target.total_iops;
  bool in_force = !node.config.dry_run && !node.cleared;
  if (workload != nullptr) {
    const auto held = std::ranges::find(workload->held, target.device.devnum, &Rule::device);
    in_force = in_force && held != workload->held.end();
    const auto& configured = workload->decision.limits;
    limit = in_force             ? iops_of(held->limit, direction)
            : configured.empty() ? 0
                                 : iops_of(target.limit(configured), direction);
  }
  const double iops = static_cast<double>(ios) / sample.seconds;
  const double parts = target.uses.empty() ? 1 : target.uses.front().divisor;
  UsageSample::Way& way = sample.ways[direction];
  const bool at_limit = limit != 0 && iops >= near_limit * static_cast<double>(limit);
  if (iops * parts >= way.iops) {
    way.iops = iops * parts;
    way.limited = at_limit && in_force;
  }
  way.at_limit = way.at_limit || at_limit;
  return true;
}

}  // namespace iopslimit
