// SPDX-License-Identifier: Apache-2.0
// The controller's events. Events about decisions are created after a burst, or just before their
// workload changes, because during a burst other containers wait for their limits.
#include <algorithm>
#include <iterator>
#include <utility>

#include "control/controller.hpp"

namespace iopslimit {

std::vector<Event> Controller::take_events(std::size_t most) {
  word(most);
  const auto end = events_.begin() + static_cast<std::ptrdiff_t>(std::min(most, events_.size()));
  std::vector<Event> taken(std::move_iterator(events_.begin()), std::move_iterator(end));
  events_.erase(events_.begin(), end);
  return taken;
}

void Controller::emit(Event event) {
  word();  // keeps the events in their order
  events_.push_back(std::move(event));
}

// Creates pending events until there are `enough`.
void Controller::word(std::size_t enough) {
  for (; !waiting_.empty() && events_.size() < enough; waiting_.pop_front()) {
    const auto& [workload, before] = waiting_.front();
    workload->waits = false;
    if (workload->last_error) continue;  // the limit failed: the error has its own event
    events_.push_back(decided(workload_event(workload->path, workload->names()), workload->decision,
                              workload->held, before));
  }
}

void Controller::announce_decision(Workload& workload, const Before& before) {
  workload.announced = true;
  if (workload.decision.verdict == Verdict::sandbox || lifted(workload)) return;
  workload.waits = true;
  waiting_.push_back({&workload, before});
}

// Announces each warning once for a pod, even if several of its containers cause it.
void Controller::announce_warnings(const Workload& workload) {
  for (const std::string& text : workload.decision.warnings) {
    if (!warnings_.add(workload.path.pod_uid, text)) continue;
    emit(warning(workload_event(workload.path, workload.names()), text));
  }
}

void Controller::announce_unknown_labels(const Record& record) {
  const bool blind = record.runtime == RuntimeHint::containerd;
  if (!blind || announced_no_labels_ || requested_by(config_).labels.empty()) return;
  announced_no_labels_ = true;
  emit(service_event(Severity::warning, Action::degraded, labels_not_known()));
}

void Controller::note_error(Workload& workload, std::error_code error) {
  const bool announced = error == std::exchange(workload.last_error, error);
  if (error == ControlError::controller_missing)
    controller_missing_.push_back(workload.path.cgroup);
  if (!error || error == ControlError::cgroup_gone || announced) return;
  const std::vector<Rule> missing = changes(wanted(workload), workload.held);
  emit(not_limited(workload_event(workload.path, workload.names()), missing, error));
}

}  // namespace iopslimit
