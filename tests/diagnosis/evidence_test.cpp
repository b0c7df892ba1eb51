// SPDX-License-Identifier: Apache-2.0
#include "diagnosis/evidence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/sample_snapshot.hpp"

namespace iopslimit::evidence_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum data{259, 0};
constexpr Devnum member{8, 16};
constexpr Devnum scratch{8, 32};

// db reads 400 a second and writes 10 of 8 KiB, web reads 100, something outside of the pods 90.
struct EvidenceTest : testing::Test {
  Snapshot snapshot = sample_snapshot();
  WorkloadView& db = snapshot.containers[0];
  WorkloadView& web = snapshot.containers[1];
  Disks disks{.limited = {{data, "nvme0n1"}}, .below = {member}};
  std::vector<NodeSample> samples;

  EvidenceTest() {
    for (std::uint64_t second = 0; second <= 5; ++second) {
      NodeSample sample;
      sample.io.taken += std::chrono::seconds(100 + second);
      sample.io.of[db.path.cgroup] = {{{data, {400 * second, 10 * second, 0, 81920 * second}},
                                       {member, {410 * second, 0, 0, 0}}},
                                      500000 * second};
      sample.io.of[web.path.cgroup] = {{{data, {100 * second, 0, 0, 0}}}, 0};
      sample.disks[data] = {.read_ios = 590 * second,
                            .read_msec = 1180 * second,
                            .write_ios = 10 * second,
                            .write_msec = 20 * second,
                            .io_ticks_msec = 800 * second};
      sample.in_force[db.path.cgroup] = db.rules;
      samples.push_back(sample);
    }
  }
  KeyUse read_use() { return measured(db, disks, samples).keys.at(0); }
};

TEST_F(EvidenceTest, OfADisk) {
  const NodeUse node = node_use(snapshot, disks, samples);
  ASSERT_THAT(node.disks, SizeIs(1));
  const DiskUse& disk = node.disks[0];
  EXPECT_EQ(disk.name, "nvme0n1");
  EXPECT_DOUBLE_EQ(disk.iops, 600);
  EXPECT_DOUBLE_EQ(disk.pods_iops, 510);
  EXPECT_DOUBLE_EQ(disk.busy, 0.8);
  EXPECT_DOUBLE_EQ(*disk.wait_msec, 2);
  EXPECT_FALSE(disk.hangs);
  ASSERT_THAT(disk.users, SizeIs(2));
  EXPECT_EQ(disk.users[0].name, "shop/db-0/db");
  EXPECT_DOUBLE_EQ(disk.users[0].iops, 410);
}

TEST_F(EvidenceTest, OfADiskThatDoesNothingOrHangs) {
  for (NodeSample& sample : samples) sample.disks[data] = {.read_ios = 7};
  const DiskUse idle = node_use(snapshot, disks, samples).disks.at(0);
  EXPECT_FALSE(idle.wait_msec);
  EXPECT_FALSE(idle.hangs);
  samples.back().disks[data].in_flight = 1;
  EXPECT_TRUE(node_use(snapshot, disks, samples).disks.at(0).hangs);
}

TEST_F(EvidenceTest, CountersOfADiskThatGoBackAreZero) {
  samples.back().disks[data] = {};
  const DiskUse disk = node_use(snapshot, disks, samples).disks.at(0);
  EXPECT_DOUBLE_EQ(disk.iops, 0);
  EXPECT_DOUBLE_EQ(disk.busy, 0);
}

TEST_F(EvidenceTest, DiskThatCannotBeReadIsLeftOut) {
  samples.back().disks.clear();
  EXPECT_THAT(node_use(snapshot, disks, samples).disks, IsEmpty());
}

TEST_F(EvidenceTest, OfTheTotal) {
  const NodeUse node = node_use(snapshot, disks, samples);
  ASSERT_THAT(node.totals, SizeIs(2));
  EXPECT_FALSE(node.totals[0].write);
  EXPECT_DOUBLE_EQ(node.totals[0].used, 500);
  EXPECT_EQ(node.totals[0].total, 3000U);
  EXPECT_DOUBLE_EQ(node.totals[1].used, 10);
  ASSERT_THAT(node.totals[1].users, SizeIs(1)) << "who writes nothing is no user of that total";
}

TEST_F(EvidenceTest, TotalThatOnlyTheServiceHolds) {
  snapshot.totals.clear();  // v1
  snapshot.devices[0].total_iops = 800;
  EXPECT_EQ(node_use(snapshot, disks, samples).totals.at(0).total, 800U);
  snapshot.devices[0].total_iops = 0;
  EXPECT_THAT(node_use(snapshot, disks, samples).totals, IsEmpty());
}

TEST_F(EvidenceTest, ContainersOutsideOfPodsTakeNothingOffTheTotal) {
  web.path.pod_uid.clear();
  const NodeUse node = node_use(snapshot, disks, samples);
  EXPECT_DOUBLE_EQ(node.totals.at(0).used, 400);
  EXPECT_THAT(node.disks.at(0).users, SizeIs(2));
}

TEST_F(EvidenceTest, OnlyTheThreeBiggest) {
  for (const std::size_t at : {2, 4, 5}) {
    WorkloadView& one = snapshot.containers[at];
    for (std::uint64_t second = 0; second <= 5; ++second)
      samples[second].io.of[one.path.cgroup] = {{{data, {at * second, 0, 0, 0}}}, 0};
  }
  const NodeUse node = node_use(snapshot, disks, samples);
  ASSERT_THAT(node.disks.at(0).users, SizeIs(3));
  EXPECT_EQ(node.disks[0].users[2].name, shown_name(snapshot.containers[5]));
  EXPECT_DOUBLE_EQ(node.disks[0].pods_iops, 510 + 2 + 4 + 5) << "of all of them";
}

TEST_F(EvidenceTest, OfAContainer) {
  const ContainerUse one = measured(db, disks, samples);
  EXPECT_DOUBLE_EQ(one.seconds, 5);
  EXPECT_DOUBLE_EQ(*one.stalled, 0.5);
  ASSERT_THAT(one.loads, SizeIs(5));
  EXPECT_DOUBLE_EQ(one.loads[4].iops(), 410);
  EXPECT_DOUBLE_EQ(one.on.at(data).write_bps, 81920);
  ASSERT_THAT(one.keys, SizeIs(2)) << "bytes are not limited";
  EXPECT_THAT(one.keys[0].rates, ElementsAre(400, 400, 400, 400, 400));
  EXPECT_THAT(one.keys[0].limits, ElementsAre(500, 500, 500, 500, 500));
  EXPECT_EQ(one.keys[0].configured, 500U);
}

TEST_F(EvidenceTest, LimitsOfBytes) {
  for (NodeSample& sample : samples)
    sample.in_force[db.path.cgroup] = {{data, {.write_bps = 100000}}};
  const ContainerUse one = measured(db, disks, samples);
  ASSERT_THAT(one.keys, SizeIs(1));
  EXPECT_EQ(limit_keys.at(one.keys[0].key).name, "write_bps");
  EXPECT_DOUBLE_EQ(use_of(one.keys[0]), 0.8192);
}

TEST_F(EvidenceTest, LimitThatChanges) {
  db.configured = db.rules;
  db.rules[0].limit.read_iops = 900;  // what is in force by now does not matter
  samples[2].in_force[db.path.cgroup][0].limit.read_iops = 300;
  EXPECT_THAT(read_use().limits, ElementsAre(500, 300, 300, 500, 500));
  EXPECT_EQ(read_use().configured, 500U);
  samples[3].in_force.clear();
  EXPECT_THAT(read_use().limits, ElementsAre(500, 300, 0, 0, 500));
}

TEST_F(EvidenceTest, LimitOfAnotherProgramIsNotACut) {
  db.rules.clear();
  EXPECT_EQ(read_use().configured, 500U);
}

TEST_F(EvidenceTest, OtherDevicesButNotThoseBelow) {
  EXPECT_THAT(measured(db, disks, samples).others, IsEmpty());
  samples.back().io.of[db.path.cgroup].counts[scratch] = {50, 0, 0, 0};
  EXPECT_THAT(measured(db, disks, samples).others, ElementsAre(std::pair(scratch, 10.0)));
}

TEST_F(EvidenceTest, ContainerThatEnds) {
  for (std::size_t at = 3; at <= 5; ++at) samples[at].io.of.erase(db.path.cgroup);
  ContainerUse one = measured(db, disks, samples);
  EXPECT_DOUBLE_EQ(one.seconds, 2);
  EXPECT_THAT(one.loads, SizeIs(2));
  EXPECT_THAT(one.keys.at(0).rates, ElementsAre(400, 400));
  for (std::size_t at = 1; at <= 2; ++at) samples[at].io.of.erase(db.path.cgroup);
  one = measured(db, disks, samples);
  EXPECT_THAT(one.loads, IsEmpty());
  EXPECT_EQ(judge(one, node_use(snapshot, disks, samples)).cause, Cause::cannot_tell);
}

TEST_F(EvidenceTest, CountersThatGoBackAreZero) {
  samples.front().io.of[db.path.cgroup].stalled_usec = 6;
  samples.back().io.of[db.path.cgroup] = {{{data, {1, 1, 1, 1}}}, 5};
  const ContainerUse one = measured(db, disks, samples);
  EXPECT_DOUBLE_EQ(one.keys.at(0).rates.back(), 0);
  EXPECT_DOUBLE_EQ(*one.stalled, 0);
}

TEST_F(EvidenceTest, WithoutPressure) {
  for (NodeSample& sample : samples) sample.io.of[db.path.cgroup].stalled_usec.reset();
  EXPECT_FALSE(measured(db, disks, samples).stalled);
}

}  // namespace
}  // namespace iopslimit::evidence_test
