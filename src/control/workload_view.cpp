// SPDX-License-Identifier: Apache-2.0
#include "control/workload_view.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

void add(Limit& sum, const Limit& limit) {
  sum.read_iops += limit.read_iops;
  sum.write_iops += limit.write_iops;
  sum.read_bps += limit.read_bps;
  sum.write_bps += limit.write_bps;
}

void add_difference(std::uint64_t held, std::uint64_t configured, std::uint64_t& lent,
                    std::uint64_t& cut) {
  if (configured == 0) return;
  lent += held > configured ? held - configured : 0;
  cut += held < configured ? configured - held : 0;
}

}  // namespace

State state_of(const Workload& workload, const Pauses& pauses) {
  if (workload.decision.verdict == Verdict::sandbox) return State::sandbox;
  if (workload.decision.verdict == Verdict::exempt) return State::exempt;
  if (workload.last_error) return State::failed;
  if (pauses.until(workload.path)) return State::paused;
  return workload.held.empty() ? State::pending : State::limited;
}

WorkloadView view_of(const Workload& workload, const Pauses& pauses) {
  WorkloadView view;
  view.path = workload.path;
  if (const Record* record = workload.names()) {
    view.name = record->name;
    view.image = record->image;
    view.pod = record->pod;
    view.pod_namespace = record->pod_namespace;
  }
  view.state = state_of(workload, pauses);
  if (view.state == State::paused) view.paused_until = pauses.until(workload.path).value_or(0);
  view.rules = workload.held;
  view.reason = workload.decision.reason;
  if (workload.last_error) view.error = workload.last_error.message();
  return view;
}

void add_up(const std::vector<Rule>& held, std::vector<DeviceView>& devices) {
  for (DeviceView& device : devices) {
    for (const Rule& rule : held) {
      if (std::ranges::find(device.devices, rule.device) != device.devices.end())
        add(device.used, rule.limit);
    }
  }
}

void add_difference(const Rule& held, const Limit& configured, std::vector<DeviceView>& devices) {
  const Limit& now = held.limit;
  for (DeviceView& device : devices) {
    if (std::ranges::find(device.devices, held.device) == device.devices.end()) continue;
    add_difference(now.read_iops, configured.read_iops, device.lent.read_iops,
                   device.cut.read_iops);
    add_difference(now.write_iops, configured.write_iops, device.lent.write_iops,
                   device.cut.write_iops);
  }
}

}  // namespace iopslimit
