// SPDX-License-Identifier: Apache-2.0
#include "control/operator.hpp"

#include <utility>

#include "loop/clock.hpp"

namespace iopslimit {
namespace {

Report line(Severity severity, const std::string& text) {
  Report report;
  report.severity = severity;
  report.text = text;
  return report;
}

}  // namespace

Operating::Operating(EventLoop& loop, Daemon& daemon, const std::string& folder,
                     const std::string& address, Needs needs)
    : loop_(loop),
      daemon_(daemon),
      needs_(std::move(needs)),
      pause_file_(folder + "/pauses",
                  [this](const std::string& text) { needs_.say(line(Severity::warning, text)); }),
      pauses_(pause_file_.load()),
      heartbeat_(loop, folder + "/alive"),
      bus_(loop, address, folder + "/private",
           {.overview = [this] { return overview(); },
            .explain = [this](const CarrierView& one) { return daemon_.explain(one.path.cgroup); },
            .reload = [this] { return needs_.reload(); },
            .clear =
                [this] {
                  daemon_.clear();
                  needs_.say(line(Severity::warning,
                                  "an operator took every limit away: nothing is limited until the "
                                  "next reload or start"));
                  needs_.flush();
                },
            .pause = [this](const Choice& choice,
                            std::chrono::seconds span) { pause(choice, span); },
            .resume = [this](const Choice& choice) { return resume(choice); }},
           [this](const std::string& text, bool wrong) {
             needs_.say(line(wrong ? Severity::warning : Severity::info, text));
           }) {
  told_.version = IOPS_LIMITD_VERSION;
  told_.since = wall_seconds();
  loop_.on_wake([this] { pauses_changed(); });
  daemon_.on_pauses(pauses_);
  loop_.wake_at(pauses_.next_end());
}

void Operating::told(const Report& report) {
  if (report.action == Action::repaired) ++told_.repaired;
  if (report.action == Action::lost) ++told_.errors;
  if (report.severity == Severity::error) {
    told_.last_error = report.text;
    told_.last_error_at = wall_seconds();
  }
  bus_.tell(report);
}

void Operating::reloaded(bool refused) {
  told_.last_reload = wall_seconds();
  told_.reload_refused = refused;
  bus_.reloaded();
}

void Operating::settled() {
  std::vector<DeviceView> devices = daemon_.devices();
  if (devices == devices_) return;
  devices_ = std::move(devices);
  bus_.devices_changed();
}

Overview Operating::overview() const {
  Overview overview = daemon_.overview();
  overview.version = told_.version;
  overview.since = told_.since;
  overview.last_reload = told_.last_reload;
  overview.reload_refused = told_.reload_refused;
  overview.repaired = told_.repaired;
  overview.errors = told_.errors;
  overview.last_error = told_.last_error;
  overview.last_error_at = told_.last_error_at;
  const std::uint64_t boot = boot_seconds();
  for (CarrierView& one : overview.containers) {
    if (one.standing == Standing::paused)
      one.paused_until = wall_seconds() + one.paused_until - boot;
  }
  return overview;
}

void Operating::pause(const Choice& choice, std::chrono::seconds span) {
  pauses_.set(choice.whom, boot_seconds() + static_cast<std::uint64_t>(span.count()));
  needs_.say(
      line(Severity::notice, "an operator paused " + choice.shown + " for " + to_text(span)));
  pauses_changed();
}

bool Operating::resume(const Choice& choice) {
  if (!pauses_.lift(choice.whom)) return false;
  needs_.say(line(Severity::notice, "an operator resumed " + choice.shown));
  pauses_changed();
  return true;
}

// Noted first: a pause that is in force and forgotten would end with a restart.
void Operating::pauses_changed() {
  pauses_.end(boot_seconds());
  pause_file_.save(pauses_);
  daemon_.on_pauses(pauses_);
  loop_.wake_at(pauses_.next_end());
  needs_.flush();
}

}  // namespace iopslimit
