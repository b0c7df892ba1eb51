// SPDX-License-Identifier: Apache-2.0
// What may wait until a burst of new cgroups is over. It is done a piece at a time, with a look for
// new cgroups between two: the next container waits for one piece at most.
#include <chrono>
#include <string>
#include <vector>

#include "service/service.hpp"

namespace iopslimit {
namespace {

// Then whatever else is pending has its turn.
constexpr std::chrono::milliseconds a_turn{2};

std::chrono::seconds monotonic_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

void Wiring::tidy_up() {
  const auto begin = std::chrono::steady_clock::now();
  for (auto now = begin; !burst_.goes_on(now); now = std::chrono::steady_clock::now()) {
    if (now - begin >= a_turn) return loop_.call_when_idle();
    if (!do_a_piece()) return close_round();
    look_for_cgroups();
  }
  loop_.call_when_idle(Burst::pause);
}

void Wiring::flush() {
  while (do_a_piece()) {
  }
  close_round();
}

// False: nothing is left to do.
bool Wiring::do_a_piece() {
  retry_controllers();
  if (daemon_->unsettled()) {
    daemon_->settle();
    return true;
  }
  if (!to_repair_.empty()) {
    daemon_->on_written(to_repair_.extract(to_repair_.begin()).value());
    return true;
  }
  if (const std::string begun = daemon_->take_begun(); !begun.empty()) {
    follow_limit(begun, true);
    return true;
  }
  if (!to_follow_.empty()) {
    follow_limit(to_follow_.back(), false);
    to_follow_.pop_back();
    return true;
  }
  const std::vector<Report> reports = daemon_->take_reports(1);
  for (const Report& report : reports) say(report);
  return !reports.empty();
}

void Wiring::close_round() {
  to_follow_.shrink_to_fit();  // after a look at everything it was as long as that
  burst_.over();
  loop_.take_turns(false);
  send_summaries();
  operating_->settled();
  if (units_) units_->settle();
  service_.status(status());
}

// A limit file that was missing comes with the controller, and the controller with a write that
// raises an event.
void Wiring::retry_controllers() {
  for (const std::string& cgroup : daemon_->take_controller_missing()) {
    if (!daemon_->knows(cgroup)) continue;  // it went meanwhile: nothing would tell its end again
    watch_.await_controller(cgroup);
    seen({cgroup, place_of(cgroup, daemon_->config().standalone)});
  }
  static_cast<void>(daemon_->take_controller_missing());
}

// After the first write of a limit: ours shall not be told. Then it is read, where it is `unread`
// or somebody may have written to it while nobody watched; what they write from now on is told.
void Wiring::follow_limit(const std::string& cgroup, bool unread) {
  if (!daemon_->holds(cgroup)) return;
  if (limit_watch_.follow(cgroup) || unread) daemon_->on_written(cgroup);
}

void Wiring::send_summaries() {
  for (const Report& summary : flood_guard_.summaries(monotonic_seconds())) journal_.send(summary);
}

void Wiring::say(const Report& report) {
  send_summaries();
  if (flood_guard_.passes(report, monotonic_seconds())) journal_.send(report);
  operating_->told(report);
  if (units_) units_->told(report);
  metering_->told(report);
}

std::string Wiring::status() const {
  std::string text = daemon_->status();
  if (daemon_->config().dry_run) text = "dry run, nothing is written; " + text;
  if (config_refused_)
    text = "configuration has errors (see the journal), the old one is in force; " + text;
  return text;
}

}  // namespace iopslimit
