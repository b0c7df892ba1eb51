// SPDX-License-Identifier: Apache-2.0
// Work that may wait until a burst of new cgroups is over. It runs in small steps, with a check for
// new cgroups after each, so the next container waits for one step at most.
#include <chrono>
#include <string>
#include <vector>

#include "service/service.hpp"

namespace iopslimit {
namespace {

// After this time other pending work gets its turn.
constexpr std::chrono::milliseconds a_turn{2};

std::chrono::seconds monotonic_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

void Service::run_deferred() {
  const auto begin = std::chrono::steady_clock::now();
  for (auto now = begin; !burst_.goes_on(now); now = std::chrono::steady_clock::now()) {
    if (now - begin >= a_turn) return loop_.call_when_idle();
    if (!run_one()) return finish_batch();
    read_cgroups();
  }
  loop_.call_when_idle(Burst::pause);
}

void Service::drain() {
  while (run_one()) {
  }
  finish_batch();
}

// Returns false if nothing is left to do.
bool Service::run_one() {
  retry_controllers();
  if (controller_->needs_rebalance()) {
    controller_->rebalance();
    return true;
  }
  if (!to_repair_.empty()) {
    controller_->on_written(to_repair_.extract(to_repair_.begin()).value());
    return true;
  }
  if (const std::string begun = controller_->take_unverified(); !begun.empty()) {
    follow_limit(begun, true);
    return true;
  }
  if (!to_follow_.empty()) {
    follow_limit(to_follow_.back(), false);
    to_follow_.pop_back();
    return true;
  }
  const std::vector<Event> events = controller_->take_events(1);
  for (const Event& event : events) announce(event);
  return !events.empty();
}

void Service::finish_batch() {
  to_follow_.shrink_to_fit();  // after a full listing it has one entry for each cgroup
  burst_.finish();
  loop_.take_turns(false);
  send_summaries();
  operator_->synced();
  if (unit_mirror_) unit_mirror_->sync();
  service_.status(status());
}

// A missing limit file appears when the I/O controller is enabled, and enabling it is a write that
// raises an event.
void Service::retry_controllers() {
  for (const std::string& cgroup : controller_->take_controller_missing()) {
    if (!controller_->knows(cgroup))
      continue;  // it is gone, and no further event would remove the watch
    tree_watcher_.await_controller(cgroup);
    seen({cgroup, kind_of(cgroup, controller_->config().standalone)});
  }
  static_cast<void>(controller_->take_controller_missing());
}

// Watches a limit file only after the service's own first write, so that this write raises no
// event. Then reads the limit back if it is `unread`, or if another process may have written to it
// before the watch. Later writes by other processes raise an event.
void Service::follow_limit(const std::string& cgroup, bool unread) {
  if (!controller_->holds(cgroup)) return;
  if (drift_watcher_.follow(cgroup) || unread) controller_->on_written(cgroup);
}

void Service::send_summaries() {
  for (const Event& summary : rate_limiter_.summaries(monotonic_seconds())) journal_.send(summary);
}

void Service::announce(const Event& event) {
  send_summaries();
  if (rate_limiter_.passes(event, monotonic_seconds())) journal_.send(event);
  operator_->on_event(event);
  if (unit_mirror_) unit_mirror_->on_event(event);
  metrics_->on_event(event);
}

std::string Service::status() const {
  std::string text = controller_->status();
  if (controller_->config().dry_run) text = "dry run, nothing is written; " + text;
  if (config_refused_)
    text = "configuration has errors (see the journal), the old one is in force; " + text;
  return text;
}

}  // namespace iopslimit
