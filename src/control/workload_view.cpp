// SPDX-License-Identifier: Apache-2.0
#include "control/workload_view.hpp"

#include <algorithm>

namespace iopslimit {
namespace {

Standing standing_of(const Carrier& carrier, bool paused) {
  if (carrier.decision.verdict == Verdict::sandbox) return Standing::sandbox;
  if (carrier.decision.verdict == Verdict::exempt) return Standing::exempt;
  if (carrier.last_error) return Standing::failed;
  if (paused) return Standing::paused;
  return carrier.held.empty() ? Standing::pending : Standing::limited;
}

void add(Limit& sum, const Limit& limit) {
  sum.read_iops += limit.read_iops;
  sum.write_iops += limit.write_iops;
  sum.read_bps += limit.read_bps;
  sum.write_bps += limit.write_bps;
}

}  // namespace

CarrierView view_of(const Carrier& carrier, const Pauses& pauses) {
  CarrierView view;
  view.path = carrier.path;
  if (const Record* record = carrier.names()) {
    view.name = record->name;
    view.image = record->image;
    view.pod = record->pod;
    view.pod_namespace = record->pod_namespace;
  }
  const auto until = pauses.until(carrier.path);
  view.standing = standing_of(carrier, until.has_value());
  if (view.standing == Standing::paused) view.paused_until = *until;
  view.rules = carrier.held;
  view.reason = carrier.decision.reason;
  if (carrier.last_error) view.error = carrier.last_error.message();
  return view;
}

void add_up(Overview& overview) {
  for (DeviceView& device : overview.devices) {
    for (const CarrierView& one : overview.containers) {
      for (const Rule& rule : one.rules) {
        if (std::ranges::find(device.devices, rule.device) != device.devices.end())
          add(device.used, rule.limit);
      }
    }
  }
}

}  // namespace iopslimit
