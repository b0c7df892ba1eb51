// SPDX-License-Identifier: Apache-2.0
// What a reload would change in the sample snapshot: something of each kind.
#pragma once

#include "api/preview_view.hpp"
#include "support/sample_snapshot.hpp"

namespace iopslimit {

inline WorkloadChange sample_change(const WorkloadView& one) {
  return {.id = one.path.id,
          .name = one.name,
          .pod = one.pod,
          .pod_namespace = one.pod_namespace,
          .pod_uid = one.path.pod_uid,
          .cgroup = one.path.cgroup,
          .before = {.state = one.state, .rules = one.rules, .reason = one.reason},
          .after = {.state = one.state, .rules = one.rules, .reason = one.reason}};
}

inline PreviewView sample_preview() {
  const Snapshot now = sample_snapshot();
  PreviewView view;
  view.notes = {"an operator took every limit away: a reload writes them again"};
  view.keys = {{"[limits]", "iops", {}, "800", "/etc/c.conf:7"},
               {"[service]", "dry_run", "no", {}, "/etc/c.conf:9", true}};
  view.devices = {{.name = "logs",
                   .before = {},
                   .after = {.mount = "/logs",
                             .state = DeviceState::limited,
                             .text = "/logs on 259:5",
                             .devices = {{259, 5}},
                             .total_iops = 900}}};
  WorkloadChange db = sample_change(now.containers[0]);
  db.after.rules = {{{259, 0}, symmetric(800)}};
  db.after.sharing = "lend, weight 200";
  db.after.reason = "[policy db] (/etc/c.conf:12)";
  WorkloadChange web = sample_change(now.containers[1]);
  web.after = {.state = State::exempt, .reason = "[exclude] keywords (/etc/c.conf:20)"};
  WorkloadChange sandbox = sample_change(now.containers[3]);
  sandbox.after.seen = false;
  view.workloads = {db, web, sandbox};
  return view;
}

}  // namespace iopslimit
