// SPDX-License-Identifier: Apache-2.0
#include "metrics/exporter.hpp"

#include <utility>

#include "loop/clock.hpp"
#include "metrics/textfile.hpp"

namespace iopslimit {

Metering::Metering(EventLoop& loop, const CgroupTree& tree, Needs needs,
                   std::chrono::microseconds period)
    : loop_(loop), needs_(std::move(needs)), period_(period), io_(tree) {}

Metering::~Metering() {
  if (!path_.empty()) remove_metrics(path_);
}

void Metering::write_to(const std::string& path) {
  if (!path_.empty() && path_ != path) remove_metrics(path_);
  path_ = path;
  last_error_.clear();
  if (path_.empty()) return loop_.every_when_idle(std::chrono::seconds(0), {});
  write();
  loop_.every_when_idle(period_, [this] { write(); });
}

void Metering::told(const Report& report) {
  if (report.action == Action::limited) ++decisions_.limited;
  if (report.action == Action::exempted) ++decisions_.exempted;
  if (report.action == Action::lost) ++decisions_.failed;
}

void Metering::events_begin(std::uint64_t writes) noexcept {
  woken_ = std::chrono::steady_clock::now();
  writes_ = writes;
}

void Metering::dealt_with(std::uint64_t writes) noexcept {
  if (!woken_ || std::exchange(writes_, writes) == writes) return;
  event_to_limit_.add(std::chrono::steady_clock::now() - *woken_);
}

void Metering::write() {
  const std::error_code error = write_metrics(path_, metrics_of(measure()));
  if (error == std::exchange(last_error_, error)) return;
  if (!error)
    return needs_.say(
        news(Severity::info, Action::none, "the metrics are written to " + path_ + " again"));
  const std::string hint = metrics_hint(error);
  needs_.say(news(Severity::warning, Action::none,
                  "cannot write the metrics to " + path_ + ": " + error.message() +
                      (hint.empty() ? "" : "; " + hint) + "; limits are not affected"));
}

Measured Metering::measure() {
  Measured measured;
  measured.overview = needs_.overview();
  measured.decisions = decisions_;
  measured.event_to_limit = event_to_limit_;
  measured.device_names = device_names(measured.overview);
  for (const CarrierView& one : measured.overview.containers) {
    if (one.standing == Standing::sandbox) continue;
    if (auto done = io_.done(one.path.cgroup)) measured.done[one.path.cgroup] = std::move(*done);
  }
  measured.now = wall_seconds();
  return measured;
}

std::map<Devnum, std::string> Metering::device_names(const Overview& overview) const {
  std::map<Devnum, std::string> names;
  for (const Devnum device : devices_of(overview)) {
    if (const auto found = blocks_.at(device)) names[device] = found->name;
  }
  return names;
}

}  // namespace iopslimit
