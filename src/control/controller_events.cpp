// SPDX-License-Identifier: Apache-2.0
// What the daemon has to say. The lines about decisions are worded when a burst is over, or before
// what they are about changes: until then other containers wait for their limits.
#include <algorithm>
#include <iterator>
#include <utility>

#include "control/controller.hpp"

namespace iopslimit {

std::vector<Report> Daemon::take_reports(std::size_t most) {
  word(most);
  const auto end = reports_.begin() + static_cast<std::ptrdiff_t>(std::min(most, reports_.size()));
  std::vector<Report> taken(std::move_iterator(reports_.begin()), std::move_iterator(end));
  reports_.erase(reports_.begin(), end);
  return taken;
}

void Daemon::tell(Report news) {
  word();  // in the order in which it came to be
  reports_.push_back(std::move(news));
}

// Until `enough` lines are there.
void Daemon::word(std::size_t enough) {
  for (; !waiting_.empty() && reports_.size() < enough; waiting_.pop_front()) {
    const auto& [carrier, before] = waiting_.front();
    carrier->waits = false;
    if (carrier->last_error) continue;  // it did not hold: that is told
    reports_.push_back(
        decided(about(carrier->path, carrier->names()), carrier->decision, carrier->held, before));
  }
}

void Daemon::report_decision(Carrier& carrier, const Before& before) {
  carrier.said = true;
  if (carrier.decision.verdict == Verdict::sandbox || let_go(carrier)) return;
  carrier.waits = true;
  waiting_.push_back({&carrier, before});
}

// Once for a pod, however many containers repeat it.
void Daemon::report_complaints(const Carrier& carrier) {
  for (const std::string& text : carrier.decision.complaints) {
    if (!complaints_.add(carrier.path.pod_uid, text)) continue;
    tell(warning(about(carrier.path, carrier.names()), text));
  }
}

void Daemon::report_unknown_labels(const Record& record) {
  const bool blind = record.runtime == RuntimeHint::containerd;
  if (!blind || said_no_labels_ || wished_for(config_).labels.empty()) return;
  said_no_labels_ = true;
  tell(news(Severity::warning, Action::caution, labels_not_known()));
}

void Daemon::note_error(Carrier& carrier, std::error_code error) {
  const bool said = error == std::exchange(carrier.last_error, error);
  if (error == SinkError::controller_missing) controller_missing_.push_back(carrier.path.cgroup);
  if (!error || error == SinkError::cgroup_gone || said) return;
  const std::vector<Rule> missing = changes(wanted(carrier), carrier.held);
  tell(not_limited(about(carrier.path, carrier.names()), missing, error));
}

}  // namespace iopslimit
