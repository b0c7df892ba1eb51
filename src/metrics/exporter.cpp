// SPDX-License-Identifier: Apache-2.0
#include "metrics/exporter.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "loop/clock.hpp"

namespace iopslimit {

/// A text that is being made. The metrics of the containers come family by family, and of each
/// family piece by piece.
class MetricsExporter::Text {
 public:
  explicit Text(Measured now)
      : measured(std::move(now)), head_(metrics_text(node_metrics(measured))) {
    add(container_metrics(measured));
  }
  void add(const Families& families) {
    families_.resize(families.size());
    for (std::size_t i = 0; i < families.size(); ++i) {
      const bool is_first = families_[i].empty();
      if (is_first || !families[i].metric.empty()) add(families[i], is_first, families_[i]);
    }
  }
  std::string whole() const {
    std::string text = head_;
    for (const std::string& one : families_) text += one;
    return text;
  }

  Measured measured;
  std::string after;  // the last container
  bool more_containers = true;
  std::optional<Advice> advised;  // the last one

 private:
  // A family's comments, HELP and TYPE, come once.
  static void add(const prometheus::MetricFamily& family, bool with_comments, std::string& to) {
    const std::string text = metrics_text({family});
    std::size_t begin = 0;
    while (!with_comments && text.compare(begin, 2, "# ") == 0)
      begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
    to.append(text, begin);
  }

  std::string head_;
  std::vector<std::string> families_;
};

MetricsExporter::MetricsExporter(EventLoop& loop, const Hierarchy& tree, Needs needs,
                                 std::chrono::microseconds period)
    : needs_(std::move(needs)),
      io_(tree),
      file_(
          loop,
          {.what = "the metrics", .begin = [this] { return begin(); }, .announce = needs_.announce},
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

Measured MetricsExporter::measure() const {
  Measured measured;
  Summary summary = needs_.summary();
  measured.snapshot = std::move(summary.snapshot);
  measured.counts = summary.counts;
  measured.decisions = decisions_;
  measured.event_to_limit = event_to_limit_;
  measured.recalls = recalls_;
  measured.device_names = device_names(measured.snapshot);
  measured.now = wall_seconds();
  return measured;
}

// Returns false if there is no further one.
bool MetricsExporter::add_containers(Text& text) {
  Measured& measured = text.measured;
  measured.snapshot.containers = needs_.containers(text.after);
  if (measured.snapshot.containers.empty()) return false;
  text.after = measured.snapshot.containers.back().path.cgroup;
  measured.done.clear();
  for (const WorkloadView& one : measured.snapshot.containers) {
    if (one.state == State::sandbox) continue;
    if (auto done = io_.done(one.path.cgroup)) measured.done[one.path.cgroup] = std::move(*done);
  }
  text.add(container_metrics(measured));
  return true;
}

bool MetricsExporter::add_advice(Text& text) const {
  std::vector<Advice> found = needs_.advice(text.advised ? &*text.advised : nullptr);
  if (found.empty()) return false;
  text.advised = found.back();
  text.measured.advice = std::move(found);
  text.add(container_metrics(text.measured));
  return true;
}

TextFile::Step MetricsExporter::begin() {
  return [this, made = std::shared_ptr<Text>()](std::string& text) mutable {
    if (!made) {
      made = std::make_shared<Text>(measure());
      return true;
    }
    if (made->more_containers) {
      made->more_containers = add_containers(*made);
      return true;
    }
    if (add_advice(*made)) return true;
    text = made->whole();
    return false;
  };
}

std::map<Devnum, std::string> MetricsExporter::device_names(const Snapshot& snapshot) const {
  std::map<Devnum, std::string> names;
  for (const Devnum device : devices_of(snapshot)) {
    if (const auto found = blocks_.at(device)) names[device] = found->name;
  }
  return names;
}

}  // namespace iopslimit
