// SPDX-License-Identifier: Apache-2.0
// Metrics of the sample snapshot, in which every family has something to tell.
#pragma once

#include "metrics/families.hpp"
#include "support/sample_snapshot.hpp"

namespace iopslimit {

inline Measured sample_measured() {
  Measured measured;
  measured.snapshot = sample_snapshot();
  measured.counts = summary_of(measured.snapshot).counts;
  measured.snapshot.errors = 1;
  measured.snapshot.containers[1].rules = {
      {{259, 0}, {.read_iops = 500, .write_iops = 0, .write_bps = 1048576}}};
  // web may have 660 reads a second, and is cut to 500.
  measured.snapshot.containers[1].configured = {
      {{259, 0}, {.read_iops = 660, .write_iops = 0, .write_bps = 1048576}}};
  measured.snapshot.devices[0].cut.read_iops = 160;
  measured.snapshot.sharing = {.state = ShareState::sharing,
                               .grants = 57,
                               .recalls = 49,
                               .changed = 1,
                               .below_msec = 83500,
                               .worst_recall_usec = 1240};
  measured.recalls.add(std::chrono::microseconds(1240));
  measured.decisions = {.limited = 4, .exempted = 2, .failed = 1};
  measured.event_to_limit.add(std::chrono::microseconds(75));
  measured.event_to_limit.add(std::chrono::microseconds(425));
  measured.advice = {{.pod_namespace = "shop",
                      .workload = "db",
                      .container = "db",
                      .read = {.target = 690},
                      .write = {}}};
  measured.device_names = {{{259, 0}, "nvme0n1"}};
  const auto of = [&](std::size_t i) -> IoDone& {
    return measured.done[measured.snapshot.containers[i].path.cgroup];
  };
  of(0) = {{{{259, 0}, {.read_ios = 7, .write_ios = 8, .read_bytes = 28672, .write_bytes = 32768}},
            {{8, 0}, {.read_ios = 99}}},
           2500000};
  of(1) = {};
  of(2) = {};
  measured.now = 2000000000;
  return measured;
}

}  // namespace iopslimit
