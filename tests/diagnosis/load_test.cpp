// SPDX-License-Identifier: Apache-2.0
#include "diagnosis/load.hpp"

#include <gtest/gtest.h>

#include "support/sample_snapshot.hpp"

namespace iopslimit::load_test {
namespace {

TEST(Load, IsDifferenceOfTwoSamples) {
  const WorkloadView db = sample_container('a', "shop", "db-0", "db");
  IoSample before;
  before.of[db.path.cgroup] = {{{{259, 0}, {100, 10, 4096, 0}}, {{8, 0}, {5, 5, 5, 5}}}, 1000000};
  IoSample after;
  after.taken = before.taken + std::chrono::seconds(2);
  after.of[db.path.cgroup] = {{{{259, 0}, {900, 30, 8192, 0}}, {{8, 0}, {99, 5, 5, 5}}}, 1500000};
  const auto load = load_of(db, {{259, 0}}, before, after);
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->read_iops, 400);
  EXPECT_DOUBLE_EQ(load->write_iops, 10);
  EXPECT_DOUBLE_EQ(load->read_bps, 2048);
  EXPECT_DOUBLE_EQ(*load->use, 0.8);
  EXPECT_DOUBLE_EQ(*load->stalled, 0.25);
  EXPECT_FALSE(load_of(db, {}, IoSample{}, after));
  EXPECT_FALSE(load_of(db, {}, before, before));
}

TEST(Load, OfOneDevice) {
  const WorkloadView db = sample_container('a', "shop", "db-0", "db");
  const std::string& cgroup = db.path.cgroup;
  IoSample before;
  before.of[cgroup] = {{{{259, 0}, {100, 10, 4096, 0}}}, std::nullopt};
  IoSample after;
  after.taken = before.taken + std::chrono::seconds(2);
  after.of[cgroup] = {{{{259, 0}, {100, 30, 4096, 0}}, {{8, 0}, {8, 0, 0, 0}}}, std::nullopt};
  EXPECT_DOUBLE_EQ(load_on(cgroup, {259, 0}, before, after)->iops(), 10);
  EXPECT_DOUBLE_EQ(load_on(cgroup, {8, 0}, before, after)->read_iops, 4) << "new since before";
  EXPECT_DOUBLE_EQ(load_on(cgroup, {7, 7}, before, after)->iops(), 0);
  EXPECT_FALSE(load_on("/gone", {259, 0}, before, after));
  EXPECT_FALSE(load_on(cgroup, {259, 0}, before, before)) << "no time between them";
}

TEST(Load, IsZeroWhenCountersWentBackwards) {
  const WorkloadView db = sample_container('a', "shop", "db-0", "db");
  IoSample before;
  before.of[db.path.cgroup] = {{{{259, 0}, {100, 0, 0, 0}}}, std::nullopt};
  IoSample after;
  after.taken = before.taken + std::chrono::seconds(1);
  after.of[db.path.cgroup] = {{{{259, 0}, {5, 0, 0, 0}}}, std::nullopt};
  const auto load = load_of(db, {}, before, after);
  ASSERT_TRUE(load);
  EXPECT_DOUBLE_EQ(load->read_iops, 0);
  EXPECT_FALSE(load->stalled);
}

}  // namespace
}  // namespace iopslimit::load_test
