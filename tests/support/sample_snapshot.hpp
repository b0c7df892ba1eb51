// SPDX-License-Identifier: Apache-2.0
// An snapshot with one container of each standing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "support/parsed_path.hpp"

namespace iopslimit {

inline std::string sample_id(char digit) {
  return std::string(64, digit);
}

inline WorkloadView sample_container(char digit, const std::string& space, const std::string& pod,
                                     const std::string& name) {
  const std::string uid = std::string("00000000-0000-4000-8000-00000000000") + pod.back();
  WorkloadView view;
  view.path = *parse_container_path("/kubepods/burstable/pod" + uid + "/" + sample_id(digit));
  view.path.runtime = RuntimeHint::containerd;
  view.name = name;
  view.pod = pod;
  view.pod_namespace = space;
  view.image = "registry.example.org/" + name + ":1";
  view.state = State::limited;
  view.rules = {{{259, 0}, symmetric(500)}};
  view.reason = "[limits] iops (default)";
  return view;
}

inline Snapshot sample_snapshot() {
  Snapshot snapshot;
  snapshot.version = "1.2.3";
  snapshot.since = 1000000000;
  snapshot.repaired = 2;
  snapshot.writes = 12;
  snapshot.devices = {
      {.mount = "/data",
       .state = DeviceState::limited,
       .text = "/data = ext4 on nvme0n1 (259:0); rule on 259:0",
       .devices = {{259, 0}},
       .total_iops = 3000,
       .used = symmetric(1000)},
      {.name = "logs", .mount = "/logs", .text = "/logs is not mounted: it is a plain directory"}};
  snapshot.totals = {{"/kubepods", {{{259, 0}, symmetric(3000)}}}};
  WorkloadView db = sample_container('a', "shop", "db-0", "db");
  WorkloadView web = sample_container('b', "shop", "web-1", "web");
  WorkloadView mesh = sample_container('c', "shop", "web-1", "istio-proxy");
  mesh.state = State::exempt;
  mesh.rules.clear();
  mesh.reason = "[exclude] keywords: istio-proxy";
  WorkloadView sandbox = sample_container('d', "shop", "web-1", "");
  sandbox.state = State::sandbox;
  sandbox.rules.clear();
  sandbox.image.clear();
  WorkloadView paused = sample_container('e', "lab", "job-2", "job");
  paused.state = State::paused;
  paused.paused_until = 4000000000;
  paused.rules.clear();
  WorkloadView failed = sample_container('f', "lab", "web-3", "web");
  failed.state = State::failed;
  failed.rules.clear();
  failed.error = "the io controller is not enabled for it";
  snapshot.containers = {db, web, mesh, sandbox, paused, failed};
  return snapshot;
}

/// As Lists::Containers of the snapshot.
inline std::vector<WorkloadView> containers_after(const Snapshot& snapshot,
                                                  const std::string& cgroup) {
  constexpr std::ptrdiff_t at_once = 32;
  const auto& all = snapshot.containers;
  auto next = all.begin();
  while (next != all.end() && next->path.cgroup <= cgroup) ++next;
  return {next, next + std::min(at_once, all.end() - next)};
}

/// The same while the disk is shared: db borrows, web is cut, and one more container lends.
inline Snapshot sharing_snapshot() {
  Snapshot snapshot = sample_snapshot();
  snapshot.sharing = {.state = ShareState::sharing,
                      .grants = 57,
                      .recalls = 49,
                      .changed = 2,
                      .below_msec = 83500,
                      .worst_recall_usec = 1240};
  snapshot.devices[0].used = {.read_iops = 2840, .write_iops = 1330};
  snapshot.devices[0].lent = {.read_iops = 1340};
  snapshot.devices[0].cut = {.write_iops = 170};
  WorkloadView& db = snapshot.containers[0];
  db.configured = db.rules;
  db.rules[0].limit.read_iops = 1840;
  WorkloadView& web = snapshot.containers[1];
  web.configured = web.rules;
  web.rules[0].limit.write_iops = 330;
  WorkloadView cache = sample_container('9', "shop", "cache-4", "cache");
  cache.lends_read_iops = 423;
  cache.lends_write_iops = 500;
  snapshot.containers.push_back(cache);
  return snapshot;
}

}  // namespace iopslimit
