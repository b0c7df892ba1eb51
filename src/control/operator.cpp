// SPDX-License-Identifier: Apache-2.0
#include "control/operator.hpp"

#include <utility>

#include "loop/clock.hpp"

namespace iopslimit {
namespace {

Event line(Severity severity, const std::string& text) {
  Event event;
  event.severity = severity;
  event.text = text;
  return event;
}

}  // namespace

Operator::Operator(EventLoop& loop, Controller& controller, const std::string& folder,
                   const std::string& address, Needs needs)
    : controller_(controller),
      needs_(std::move(needs)),
      pause_file_(
          folder + "/pauses",
          [this](const std::string& text) { needs_.announce(line(Severity::warning, text)); }),
      pauses_(pause_file_.load()),
      next_end_(loop, [this] { pauses_changed(); }),
      bus_(loop, address, folder + "/private",
           {.containers = [this](const std::string& after) { return containers_after(after); },
            .summary = [this] { return summary(); },
            .revision = [this] { return revision(); },
            .explain =
                [this](const WorkloadView& one) {
                  return controller_.node().explain(one.path.cgroup);
                },
            .reload = [this] { return needs_.reload(); },
            .clear =
                [this] {
                  controller_.clear();
                  needs_.announce(
                      line(Severity::warning,
                           "an operator took every limit away: nothing is limited until the "
                           "next reload or start"));
                  needs_.drain();
                },
            .pause = [this](const Selector& selector,
                            std::chrono::seconds span) { pause(selector, span); },
            .resume = [this](const Selector& selector) { return resume(selector); },
            .advice = [this](const Advice* after) { return needs_.advice(after); },
            .preview = [this](const Replacement& instead) { return needs_.preview(instead); }},
           {.announce =
                [this](const std::string& text, bool wrong) {
                  needs_.announce(line(wrong ? Severity::warning : Severity::info, text));
                },
            .away =
                [this](const std::string& why) {
                  set_problem("bus", why);
                  needs_.refresh();
                }}) {
  own_.version = IOPS_LIMITD_VERSION;
  own_.since = wall_seconds();
  own_.hierarchy = needs_.hierarchy;
  controller_.on_pauses(pauses_);
  next_end_.at(pauses_.next_end());
}

void Operator::on_event(const Event& event) {
  ++own_changes_;
  if (event.action == Action::repaired) ++own_.repaired;
  if (event.action == Action::limit_failed) ++own_.errors;
  if (event.severity == Severity::error) {
    own_.last_error = event.text;
    own_.last_error_at = wall_seconds();
  }
  bus_.emit(event);
}

void Operator::reloaded(bool refused) {
  ++own_changes_;
  own_.last_reload = wall_seconds();
  own_.reload_refused = refused;
  bus_.reloaded();
}

void Operator::set_problem(const std::string& part, const std::string& text) {
  std::string& known = problems_[part];
  if (known == text) return;
  needs_.announce(
      text.empty() ? service_event(Severity::notice, Action::watch_degraded, "over now: " + known)
                   : service_event(Severity::warning, Action::watch_degraded, text));
  known = text;
  ++own_changes_;
  own_.problems.clear();
  for (const auto& [name, problem] : problems_) {
    if (!problem.empty()) own_.problems.push_back(problem);
  }
}

void Operator::synced() {
  std::vector<DeviceView> devices = controller_.node().mounts.views();
  if (devices == devices_) return;
  devices_ = std::move(devices);
  bus_.devices_changed();
}

void Operator::add_own_fields(Snapshot& snapshot) const {
  snapshot.version = own_.version;
  snapshot.since = own_.since;
  snapshot.last_reload = own_.last_reload;
  snapshot.reload_refused = own_.reload_refused;
  snapshot.repaired = own_.repaired;
  snapshot.errors = own_.errors;
  snapshot.hierarchy = own_.hierarchy;
  snapshot.problems = own_.problems;
  snapshot.last_error = own_.last_error;
  snapshot.last_error_at = own_.last_error_at;
  snapshot.lines_dropped = needs_.lines_dropped();
  needs_.add_rest(snapshot);
}

Summary Operator::summary() const {
  Summary summary = controller_.node().summary();
  add_own_fields(summary.snapshot);
  return summary;
}

Snapshot Operator::snapshot() const {
  Snapshot snapshot = controller_.node().snapshot();
  complete(snapshot);
  return snapshot;
}

std::vector<WorkloadView> Operator::containers_after(const std::string& cgroup) const {
  constexpr std::size_t at_once = 32;
  Snapshot some;
  some.containers = controller_.node().views_after(cgroup, at_once);
  complete(some);
  return std::move(some.containers);
}

// The end of a pause is on the wall clock for those who read it.
void Operator::complete(Snapshot& snapshot) const {
  add_own_fields(snapshot);
  const std::uint64_t boot = boot_seconds();
  for (WorkloadView& one : snapshot.containers) {
    if (one.state == State::paused) one.paused_until = wall_seconds() + one.paused_until - boot;
  }
}

void Operator::pause(const Selector& selector, std::chrono::seconds span) {
  pauses_.set(selector.whom, boot_seconds() + static_cast<std::uint64_t>(span.count()));
  needs_.announce(
      line(Severity::notice, "an operator paused " + selector.shown + " for " + to_text(span)));
  pauses_changed();
}

bool Operator::resume(const Selector& selector) {
  if (!pauses_.lift(selector.whom)) return false;
  needs_.announce(line(Severity::notice, "an operator resumed " + selector.shown));
  pauses_changed();
  return true;
}

// Saves the pauses first: a pause in force that is not saved would end with a restart.
void Operator::pauses_changed() {
  pauses_.end(boot_seconds());
  pause_file_.save(pauses_);
  controller_.on_pauses(pauses_);
  next_end_.at(pauses_.next_end());
  needs_.drain();
}

}  // namespace iopslimit
