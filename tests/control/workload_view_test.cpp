// SPDX-License-Identifier: Apache-2.0
#include "control/workload_view.hpp"

#include <gtest/gtest.h>

#include "limit/backend.hpp"

namespace iopslimit {
namespace {

constexpr Devnum disk{259, 0};

Carrier web() {
  Carrier carrier;
  carrier.path.cgroup = "/kubepods/podx/c";
  carrier.path.pod_uid = "x";
  carrier.record = Record{.name = "web", .image = "i", .pod = "web-0", .pod_namespace = "shop"};
  carrier.decision.verdict = Verdict::limited;
  carrier.decision.reason = "why";
  carrier.held = {{disk, each_way(500)}};
  return carrier;
}

struct StandingRow {
  Verdict verdict;
  bool failed;
  bool paused;
  bool held;
  Standing standing;
};

TEST(CarrierViews, Standings) {
  using enum Standing;
  const StandingRow rows[] = {
      {Verdict::limited, false, false, true, limited},
      {Verdict::limited, false, false, false, pending},
      {Verdict::limited, false, true, false, paused},
      {Verdict::limited, true, true, false, failed},
      {Verdict::exempt, false, true, false, exempt},
      {Verdict::sandbox, false, false, false, sandbox},
  };
  for (const StandingRow& row : rows) {
    Carrier carrier = web();
    carrier.decision.verdict = row.verdict;
    if (row.failed) carrier.last_error = SinkError::not_held;
    if (!row.held) carrier.held.clear();
    Pauses pauses;
    if (row.paused) pauses.set("x", 77);
    const CarrierView view = view_of(carrier, pauses);
    SCOPED_TRACE(word_of(row.standing, standing_words));
    EXPECT_EQ(view.standing, row.standing);
    EXPECT_EQ(view.paused_until, row.standing == paused ? 77U : 0U);
    EXPECT_EQ(view.error.empty(), !row.failed);
    EXPECT_EQ(view.rules, carrier.held);
  }
}

TEST(CarrierViews, NamesAsFarAsTheyAreKnown) {
  Carrier carrier = web();
  EXPECT_EQ(view_of(carrier, {}).pod_namespace, "shop");
  carrier.record = NoRecord{};
  const CarrierView view = view_of(carrier, {});
  EXPECT_EQ(view.name + view.image + view.pod + view.pod_namespace, "");
  EXPECT_EQ(view.reason, "why");
}

TEST(CarrierViews, ADeviceAddsUpItsOwnRules) {
  Overview overview;
  overview.devices = {{.mount = "/data", .devices = {disk}}};
  CarrierView one = view_of(web(), {});
  one.rules.push_back({{8, 0}, each_way(9)});
  overview.containers = {one, one};
  add_up(overview);
  EXPECT_EQ(overview.devices[0].used, each_way(1000));
}

}  // namespace
}  // namespace iopslimit
