// SPDX-License-Identifier: Apache-2.0
// An overview with one container of each standing.
#pragma once

#include <string>

#include "api/snapshot.hpp"

namespace iopslimit {

inline std::string sample_id(char digit) {
  return std::string(64, digit);
}

inline CarrierView sample_container(char digit, const std::string& space, const std::string& pod,
                                    const std::string& name) {
  const std::string uid = std::string("00000000-0000-4000-8000-00000000000") + pod.back();
  CarrierView view;
  view.path = *parse_container_path("/kubepods/burstable/pod" + uid + "/" + sample_id(digit));
  view.path.runtime = RuntimeHint::containerd;
  view.name = name;
  view.pod = pod;
  view.pod_namespace = space;
  view.image = "registry.example.org/" + name + ":1";
  view.standing = Standing::limited;
  view.rules = {{{259, 0}, each_way(500)}};
  view.reason = "[limits] iops (default)";
  return view;
}

inline Overview sample_overview() {
  Overview overview;
  overview.version = "0.1.0";
  overview.since = 1000000000;
  overview.repaired = 2;
  overview.writes = 12;
  overview.devices = {
      {.mount = "/data",
       .state = DeviceState::limited,
       .text = "/data = ext4 on nvme0n1 (259:0); rule on 259:0",
       .devices = {{259, 0}},
       .total_iops = 3000,
       .used = each_way(1000)},
      {.name = "logs", .mount = "/logs", .text = "/logs is not mounted: it is a plain directory"}};
  overview.totals = {{"/kubepods", {{{259, 0}, each_way(3000)}}}};
  CarrierView db = sample_container('a', "shop", "db-0", "db");
  CarrierView web = sample_container('b', "shop", "web-1", "web");
  CarrierView mesh = sample_container('c', "shop", "web-1", "istio-proxy");
  mesh.standing = Standing::exempt;
  mesh.rules.clear();
  mesh.reason = "[exclude] keywords: istio-proxy";
  CarrierView sandbox = sample_container('d', "shop", "web-1", "");
  sandbox.standing = Standing::sandbox;
  sandbox.rules.clear();
  sandbox.image.clear();
  CarrierView paused = sample_container('e', "lab", "job-2", "job");
  paused.standing = Standing::paused;
  paused.paused_until = 4000000000;
  paused.rules.clear();
  CarrierView failed = sample_container('f', "lab", "web-3", "web");
  failed.standing = Standing::failed;
  failed.rules.clear();
  failed.error = "the io controller is not enabled for it";
  overview.containers = {db, web, mesh, sandbox, paused, failed};
  return overview;
}

}  // namespace iopslimit
