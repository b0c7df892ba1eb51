// SPDX-License-Identifier: Apache-2.0
#include "control/workload_view.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

State state_of(const Workload& workload, bool paused) {
  if (workload.decision.verdict == Verdict::sandbox) return State::sandbox;
  if (workload.decision.verdict == Verdict::exempt) return State::exempt;
  if (workload.last_error) return State::failed;
  if (paused) return State::paused;
  return workload.held.empty() ? State::pending : State::limited;
}

void add(Limit& sum, const Limit& limit) {
  sum.read_iops += limit.read_iops;
  sum.write_iops += limit.write_iops;
  sum.read_bps += limit.read_bps;
  sum.write_bps += limit.write_bps;
}

}  // namespace

WorkloadView view_of(const Workload& workload, const Pauses& pauses) {
  WorkloadView view;
  view.path = workload.path;
  if (const Record* record = workload.names()) {
    view.name = record->name;
    view.image = record->image;
    view.pod = record->pod;
    view.pod_namespace = record->pod_namespace;
  }
  const auto until = pauses.until(workload.path);
  view.state = state_of(workload, until.has_value());
  if (view.state == State::paused) view.paused_until = *until;
  view.rules = workload.held;
  view.reason = workload.decision.reason;
  if (workload.last_error) view.error = workload.last_error.message();
  return view;
}

void add_up(Snapshot& snapshot) {
  for (DeviceView& device : snapshot.devices) {
    for (const WorkloadView& one : snapshot.containers) {
      for (const Rule& rule : one.rules) {
        if (std::ranges::find(device.devices, rule.device) != device.devices.end())
          add(device.used, rule.limit);
      }
    }
  }
}

}  // namespace iopslimit
