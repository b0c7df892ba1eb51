// SPDX-License-Identifier: Apache-2.0
#include "metrics/exporter.hpp"

#include <utility>

#include "loop/clock.hpp"

namespace iopslimit {

MetricsExporter::MetricsExporter(EventLoop& loop, const Hierarchy& tree, Needs needs,
                                 std::chrono::microseconds period)
    : needs_(std::move(needs)),
      io_(tree),
      file_(loop,
            {.what = "the metrics",
             .text = [this] { return metrics_text(metrics_of(measure())); },
             .announce = needs_.announce},
            period) {}

void MetricsExporter::on_event(const Event& event) {
  if (event.action == Action::limited) ++decisions_.limited;
  if (event.action == Action::exempted) ++decisions_.exempted;
  if (event.action == Action::limit_failed) ++decisions_.failed;
}

void MetricsExporter::events_begin(std::uint64_t writes) noexcept {
  woken_ = std::chrono::steady_clock::now();
  writes_ = writes;
}

void MetricsExporter::dealt_with(std::uint64_t writes) noexcept {
  if (!woken_ || std::exchange(writes_, writes) == writes) return;
  event_to_limit_.add(std::chrono::steady_clock::now() - *woken_);
}

Measured MetricsExporter::measure() {
  Measured measured;
  measured.snapshot = needs_.snapshot();
  measured.advice = needs_.advice();
  measured.decisions = decisions_;
  measured.event_to_limit = event_to_limit_;
  measured.recalls = recalls_;
  measured.device_names = device_names(measured.snapshot);
  for (const WorkloadView& one : measured.snapshot.containers) {
    if (one.state == State::sandbox) continue;
    if (auto done = io_.done(one.path.cgroup)) measured.done[one.path.cgroup] = std::move(*done);
  }
  measured.now = wall_seconds();
  return measured;
}

std::map<Devnum, std::string> MetricsExporter::device_names(const Snapshot& snapshot) const {
  std::map<Devnum, std::string> names;
  for (const Devnum device : devices_of(snapshot)) {
    if (const auto found = blocks_.at(device)) names[device] = found->name;
  }
  return names;
}

}  // namespace iopslimit
