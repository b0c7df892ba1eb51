// SPDX-License-Identifier: Apache-2.0
#include "control/decision_warnings.hpp"

#include <utility>

namespace iopslimit {

void DecisionWarnings::announce(const Workload& workload) {
  if (workload.decision.verdict == Verdict::sandbox) return;
  for (const std::string& text : workload.decision.warnings) {
    if (!warned_.add(workload.path.pod_uid, text)) continue;
    events_.emit(warning(workload_event(workload.path, workload.names()), text));
  }
}

void DecisionWarnings::announce_unknown_labels(const Config& config, const Record& record) {
  const bool blind = record.runtime == RuntimeHint::containerd;
  if (!blind || std::exchange(checked_labels_, true)) return;
  if (requested_by(config).labels.empty()) return;
  events_.emit(service_event(Severity::warning, Action::degraded, labels_not_known()));
}

}  // namespace iopslimit
