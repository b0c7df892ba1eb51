// SPDX-License-Identifier: Apache-2.0
#include "control/workload_view.hpp"

#include <gtest/gtest.h>

#include "limit/backend.hpp"

namespace iopslimit::workload_view_test {
namespace {

constexpr Devnum disk{259, 0};

Workload web() {
  Workload workload;
  workload.path.cgroup = "/kubepods/podx/c";
  workload.path.pod_uid = "x";
  workload.record = Record{.name = "web", .image = "i", .pod = "web-0", .pod_namespace = "shop"};
  workload.decision.verdict = Verdict::limited;
  workload.decision.reason = "why";
  workload.held = {{disk, symmetric(500)}};
  return workload;
}

struct StandingRow {
  Verdict verdict;
  bool failed;
  bool paused;
  bool held;
  State state;
};

TEST(WorkloadViews, Standings) {
  using enum State;
  const StandingRow rows[] = {
      {Verdict::limited, false, false, true, limited},
      {Verdict::limited, false, false, false, pending},
      {Verdict::limited, false, true, false, paused},
      {Verdict::limited, true, true, false, failed},
      {Verdict::exempt, false, true, false, exempt},
      {Verdict::sandbox, false, false, false, sandbox},
  };
  for (const StandingRow& row : rows) {
    Workload workload = web();
    workload.decision.verdict = row.verdict;
    if (row.failed) workload.last_error = ControlError::not_held;
    if (!row.held) workload.held.clear();
    Pauses pauses;
    if (row.paused) pauses.set("x", 77);
    const WorkloadView view = view_of(workload, pauses);
    SCOPED_TRACE(word_of(row.state, state_words));
    EXPECT_EQ(view.state, row.state);
    EXPECT_EQ(view.paused_until, row.state == paused ? 77U : 0U);
    EXPECT_EQ(view.error.empty(), !row.failed);
    EXPECT_EQ(view.rules, workload.held);
  }
}

TEST(WorkloadViews, NamesAsFarAsTheyAreKnown) {
  Workload workload = web();
  EXPECT_EQ(view_of(workload, {}).pod_namespace, "shop");
  workload.record = NoRecord{};
  const WorkloadView view = view_of(workload, {});
  EXPECT_EQ(view.name + view.image + view.pod + view.pod_namespace, "");
  EXPECT_EQ(view.reason, "why");
}

TEST(WorkloadViews, DeviceAddsUpItsOwnRules) {
  std::vector<DeviceView> devices{{.mount = "/data", .devices = {disk}}};
  std::vector<Rule> held = web().held;
  held.push_back({{8, 0}, symmetric(9)});
  for (int i = 0; i < 2; ++i) add_up(held, devices);
  EXPECT_EQ(devices[0].used, symmetric(1000));
}

}  // namespace
}  // namespace iopslimit::workload_view_test
