// SPDX-License-Identifier: Apache-2.0
#include "control/decision_warnings.hpp"

namespace iopslimit {

void DecisionWarnings::announce(const Workload& workload) {
  if (workload.decision.verdict == Verdict::sandbox) return;
  for (const std::string& text : workload.decision.warnings) {
    if (!warned_.add(workload.path.pod_uid, text)) continue;
    events_.emit(warning(workload_event(workload.path, workload.names()), text));
  }
}

}  // namespace iopslimit
