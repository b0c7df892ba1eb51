// SPDX-License-Identifier: Apache-2.0
#include "service/sharing.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "loop/clock.hpp"

namespace iopslimit {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr Moment shortest_tick{250};
constexpr Moment longest_tick{2000};
constexpr Moment glance_interval{1000};
// A trigger fires at most every 2 s, except that of a removed cgroup, which fires all the time.
// For a while after one fired, the service reads as often as when it shares.
constexpr Moment trigger_interval{2000};
constexpr Moment pressed_for{2500};
// How long the service keeps sharing after it was needed last.
constexpr Moment asleep_after{10000};
// How long nothing is shared after the counters could not be read, and how long a workload
// borrows nothing after somebody else changed its limit.
constexpr Moment recalled_for{30000};
constexpr int most_failures = 3;

// Rounds cost at most this part of the processor's time in the long run, and at most `most_credit`
// at once: together with the checks and the samples for the advice the service stays below 1 %.
constexpr int part_of_processor = 200;
constexpr microseconds most_credit{50000};
// A round spends at most this time on scanning.
constexpr microseconds most_scan{5000};

std::string sentence_of(std::size_t changed) {
  return std::to_string(changed) + (changed == 1 ? " container has" : " containers have");
}

// On v1 a cgroup with a rule has counts of zero before its first I/O.
bool has_io(const IoCounts& counts) {
  return std::ranges::any_of(counts, [](const auto& one) { return one.second != IoCount{}; });
}

}  // namespace

Sharing::Sharing(EventLoop& loop, const Hierarchy& tree, Controller& controller, FairShare& share,
                 std::string loans, Needs needs)
    : loop_(loop),
      tree_(tree),
      controller_(controller),
      share_(share),
      loans_(std::move(loans)),
      needs_(std::move(needs)),
      meter_(tree),
      scanned_(tree),
      timer_(loop, [this] { state_ == ShareState::sharing ? round() : watch(); }) {}

// ---- states ----

void Sharing::sync() {
  const Node& node = controller_.node();
  const bool off = node.config.dry_run || node.cleared;
  std::vector<std::string> roots = node.totals.cgroups();
  if (off || roots.empty()) {
    if (state_ == ShareState::off) return;
    put_in_force(share_.recall());
    roots_.clear();
    set_state(ShareState::off);
    return;
  }
  if (roots == roots_ && state_ != ShareState::off) {
    // A total may be shared now that was not before, and then perhaps only this timer wakes
    // it.
    if (state_ == ShareState::asleep && is_unreported()) timer_.start(glance_interval);
    return;
  }
  roots_ = std::move(roots);
  if (state_ == ShareState::off || state_ == ShareState::asleep) fall_asleep();
}

void Sharing::set_state(ShareState state) {
  if (state_ == ShareState::sharing && state != ShareState::sharing) meter_.forget_all();
  if (std::exchange(state_, state) != state) needs_.changed();
  timer_.stop();
  trigger_io_.clear();
  triggers_.clear();
}

// Arms a trigger for each kubepods directory, or none if one of them cannot have any.
void Sharing::fall_asleep() {
  set_state(ShareState::asleep);
  trigger_is_dead_ = false;
  timer_.restart(glance_interval);
  for (const std::string& root : roots_) {
    auto trigger = std::make_unique<PressureTrigger>(tree_, root);
    if (trigger->fd() < 0) {
      trigger_io_.clear();
      return triggers_.clear();
    }
    // The callback must not end its own source: the timer does what follows.
    trigger_io_.push_back(std::make_unique<Io>(
        loop_, trigger->fd(), EPOLLPRI, [this, last = Moment{-trigger_interval}]() mutable {
          triggered_ = monotonic_msec();
          trigger_is_dead_ = trigger_is_dead_ || triggered_ - last < trigger_interval / 2;
          last = triggered_;
          timer_.restart(Moment{0});
        }));
    triggers_.push_back(std::move(trigger));
  }
}

// Reads once while asleep, or ends the time in which nothing is shared. While there is no I/O,
// only the triggers wake the service; where there are none and nothing is shared, only its
// checks.
void Sharing::watch() {
  if (state_ == ShareState::recalled || trigger_is_dead_) return fall_asleep();
  check();
  const Moment now = monotonic_msec();
  const bool pressed = triggered_ != Moment{0} && now - triggered_ < pressed_for;
  if (state_ != ShareState::asleep) return;
  if (pressed || is_unreported() || now - last_io_ < asleep_after)
    timer_.restart(pressed ? shortest_tick : glance_interval);
}

void Sharing::check() {
  if (state_ != ShareState::asleep || !read_total()) return;
  if (is_needed()) return wake();
  if (!share_.pods_io().has_io()) return;
  last_io_ = monotonic_msec();
  timer_.start(glance_interval);
}

void Sharing::wake() {
  set_state(ShareState::sharing);
  last_needed_ = credited_ = monotonic_msec();
  credit_ = most_credit;
  planned_ = Moment{0};
  times_.begin(last_needed_);
  round();
}

void Sharing::recall(const std::string& why) {
  put_in_force(share_.recall());
  set_state(ShareState::recalled);
  timer_.restart(recalled_for);
  failures_ = 0;
  if (std::exchange(announced_, true)) return;
  needs_.announce(service_event(
      Severity::warning, Action::sharing,
      why + "; every container has its configured limit, and the service tries again every half "
            "minute"));
}

void Sharing::stop() {
  put_in_force(share_.recall());
  set_state(ShareState::off);
}

// ---- rounds ----

void Sharing::round() {
  const auto woken = Clock::now();
  const Moment now = monotonic_msec();
  const microseconds begin = processor_time();
  const bool late = planned_ != Moment{0} && now - planned_ > longest_tick;
  if (late) put_in_force(share_.recall());  // what was measured before says nothing about now
  if (!read_total()) {
    if (state_ == ShareState::sharing) next_round();
    return;
  }
  read_members();
  times_.count(now, share_);
  if (share_.has_unknown_io() || share_.members().empty()) scan();
  const ShareCounts before = share_.counts();
  put_in_force(share_.divide());
  if (share_.counts().recalls != before.recalls) {
    const auto took = std::chrono::duration_cast<microseconds>(Clock::now() - woken);
    worst_recall_ = std::max(worst_recall_, took);
    needs_.recalled(took);
  }
  if (share_.counts().below != before.below) needs_.changed();
  announce_changes(before.changed);
  if (share_.counts().changed != 0 || is_needed()) last_needed_ = now;
  credit_ += microseconds(now - credited_) / part_of_processor - (processor_time() - begin);
  credit_ = std::min(credit_, most_credit);
  credited_ = now;
  if (now - last_needed_ > asleep_after) return fall_asleep();
  next_round();
}

// Delays the next round if the previous ones used more processor time than they may.
void Sharing::next_round() {
  const auto owed = std::chrono::duration_cast<Moment>(-credit_ * part_of_processor);
  const Moment tick = std::clamp(owed, shortest_tick, longest_tick);
  planned_ = monotonic_msec() + tick;
  timer_.restart(tick);
}

// Returns false if the counters cannot be read now. Recalls everything after some failures in a
// row.
bool Sharing::read_total() {
  IoCounts sum;
  for (const std::string& root : roots_) {
    const auto counts = meter_.with_children(root);
    if (!counts) {
      if (++failures_ == most_failures) recall("the I/O counters of " + root + " cannot be read");
      return false;
    }
    for (const auto& [device, count] : *counts) {
      sum[device].read_ios += count.read_ios;
      sum[device].write_ios += count.write_ios;
      sum[device].read_bytes += count.read_bytes;
      sum[device].write_bytes += count.write_bytes;
    }
  }
  failures_ = 0;
  announced_ = false;
  share_.begin(monotonic_msec(), sum);
  return true;
}

void Sharing::read_members() {
  for (const Workload* member : share_.members()) {
    if (const auto counts = meter_.counts(member->path.cgroup)) add(*member, *counts);
  }
}

void Sharing::add(const Workload& workload, const IoCounts& counts) {
  const Node& node = controller_.node();
  const bool claims = !workload.decision.limits.empty() && !workload.superseded &&
                      !workload.last_error && !node.lifted(workload);
  share_.add(workload, counts, claims, is_inside(workload));
}

// Adds workloads that are not members yet; the next round drops those that do no I/O.
void Sharing::scan() {
  const microseconds begin = processor_time();
  const WorkloadTable& workloads = controller_.node().workloads;
  const std::string first = scanned_until_;
  bool wrapped = false;
  while (processor_time() - begin < most_scan) {
    const Workload* next = workloads.after(scanned_until_);
    if (next == nullptr) {
      if (std::exchange(wrapped, true)) return;
      scanned_until_.clear();
      continue;
    }
    scanned_until_ = next->path.cgroup;
    if (wrapped && scanned_until_ > first) return;
    if (next->standalone() || share_.is_member(*next)) continue;
    const auto counts = scanned_.counts(next->path.cgroup);
    if (counts && has_io(*counts)) add(*next, *counts);
  }
}

// Notes the loans first, so that a restart can take them back.
void Sharing::put_in_force(const std::vector<const Workload*>& changed) {
  if (changed.empty()) return;
  if (!loans_.add(share_.loans())) recall("the loans cannot be noted in the run folder");
  controller_.on_allotted(changed);
  loans_.replace(share_.loans());
}

void Sharing::announce_changes(std::size_t before) {
  const ShareCounts& counts = share_.counts();
  if (before == 0 && counts.changed != 0 && begun_ == Moment{0}) {
    begun_ = monotonic_msec();
    before_ = counts;
    needs_.announce(service_event(Severity::info, Action::sharing,
                                  "sharing begins: " + sentence_of(counts.changed) +
                                      " another limit than the configured one"));
  }
  const Moment now = monotonic_msec();
  if (counts.changed != 0 || begun_ == Moment{0} || now - last_needed_ < asleep_after) return;
  const auto span = std::chrono::duration_cast<std::chrono::seconds>(now - begun_ - asleep_after);
  needs_.announce(service_event(
      Severity::info, Action::sharing,
      "sharing ends after " + std::to_string(span.count()) + " s: limits were raised " +
          std::to_string(counts.grants - before_.grants + 1) + " times and lowered " +
          std::to_string(counts.recalls - before_.recalls) + " times"));
  begun_ = Moment{0};
}

// ---- facts ----

void Sharing::on_event(const Event& event) {
  if (event.action != Action::repaired || state_ != ShareState::sharing) return;
  const Workload* workload = controller_.node().workloads.find(event.cgroup);
  if (workload != nullptr && share_.suspend(*workload, monotonic_msec() + recalled_for))
    put_in_force({workload});
}

bool Sharing::is_needed() {
  return share_.pods_io().is_busy(smallest_limit());
}

// The lowest limits that a container holds; 0 where there is none.
const Limit& Sharing::smallest_limit() {
  const Node& node = controller_.node();
  if (std::exchange(smallest_at_, node.revision) == node.revision) return smallest_;
  smallest_ = {};
  const auto take = [](std::uint64_t limit, std::uint64_t& smallest) {
    if (limit != 0 && (smallest == 0 || limit < smallest)) smallest = limit;
  };
  for (const auto& workload : node.workloads) {
    for (const Rule& rule : workload->held) {
      take(rule.limit.read_iops, smallest_.read_iops);
      take(rule.limit.write_iops, smallest_.write_iops);
      take(rule.limit.read_bps, smallest_.read_bps);
      take(rule.limit.write_bps, smallest_.write_bps);
    }
  }
  return smallest_;
}

bool Sharing::is_inside(const Workload& workload) const {
  const std::string& cgroup = workload.path.cgroup;
  return std::ranges::any_of(roots_, [&cgroup](const std::string& root) {
    return cgroup.starts_with(root) && cgroup.size() > root.size() && cgroup[root.size()] == '/';
  });
}

void Sharing::add_to(Snapshot& snapshot) const {
  const ShareCounts& counts = share_.counts();
  snapshot.sharing = {.state = shown_state(),
                      .grants = counts.grants,
                      .recalls = counts.recalls,
                      .changed = counts.changed,
                      .below_msec = static_cast<std::uint64_t>(counts.below.count()),
                      .worst_recall_usec = static_cast<std::uint64_t>(worst_recall_.count())};
  times_.add_to(snapshot, monotonic_msec());
  if (share_.loans().empty()) return;
  for (WorkloadView& view : snapshot.containers) {
    const Workload* workload = controller_.node().workloads.find(view.path.cgroup);
    if (workload == nullptr) continue;
    const auto lends = share_.lends(*workload);
    view.lends_read_iops = lends[0];
    view.lends_write_iops = lends[1];
  }
}

}  // namespace iopslimit
