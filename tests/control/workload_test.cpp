// SPDX-License-Identifier: Apache-2.0
#include "control/workload.hpp"

#include <gtest/gtest.h>

#include "control/listing.hpp"

namespace iopslimit::workload_test {
namespace {

using Learned = Workload::Learned;

TEST(Workloads, LearnARecordOnceForAConfiguration) {
  Workload workload;
  EXPECT_EQ(workload.learn(NoRecord{}), Learned::nothing);
  EXPECT_EQ(workload.names(), nullptr);
  EXPECT_EQ(workload.learn(Record{.name = "web"}), Learned::record);
  EXPECT_EQ(workload.learn(Record{.name = "forged"}), Learned::nothing);
  EXPECT_EQ(workload.names()->name, "web");
  workload.read_again = true;
  EXPECT_EQ(workload.learn(NoRecord{}), Learned::nothing);
  EXPECT_EQ(workload.learn(Record{.name = "web", .labels = {{"a", "b"}}}), Learned::record);
  EXPECT_FALSE(workload.read_again);
  EXPECT_EQ(workload.names()->labels.size(), 1U);
}

TEST(Workloads, AnIncompleteRecordIsReadAgain) {
  Workload workload;
  EXPECT_EQ(workload.learn(Record{.incomplete = true, .name = "web"}), Learned::record);
  EXPECT_FALSE(workload.has_whole_record());
  EXPECT_EQ(workload.learn(Record{.incomplete = true, .name = "web"}), Learned::nothing);
  EXPECT_EQ(workload.learn(Record{.name = "web"}), Learned::record);
  EXPECT_TRUE(workload.has_whole_record());
}

TEST(Workloads, ReportsABadRecordOnceAndKeepsTheGoodOne) {
  Workload workload;
  EXPECT_EQ(workload.learn(BadRecord{"cut short"}), Learned::bad_record);
  EXPECT_EQ(workload.learn(BadRecord{"cut short"}), Learned::nothing);
  EXPECT_EQ(workload.learn(BadRecord{"not an object"}), Learned::bad_record);
  EXPECT_EQ(workload.learn(Record{.name = "web"}), Learned::record);
  workload.read_again = true;
  EXPECT_EQ(workload.learn(BadRecord{"cut short"}), Learned::nothing);
  EXPECT_EQ(workload.names()->name, "web");
}

TEST(Workloads, ALargeRecordReplacesNothing) {
  Workload workload;
  EXPECT_EQ(workload.learn(LargeRecord{}), Learned::nothing);
  EXPECT_TRUE(is_large(workload.record));
  EXPECT_EQ(workload.learn(BadRecord{"cut short"}), Learned::bad_record);
  EXPECT_EQ(workload.learn(LargeRecord{}), Learned::nothing);
  EXPECT_EQ(workload.learn(BadRecord{"cut short"}), Learned::nothing) << "reported once";
  EXPECT_EQ(workload.learn(Record{.name = "web"}), Learned::record);
}

TEST(Listings, ShowEveryCgroupAndPod) {
  const Listing listing{{{{.cgroup = "/kubepods/podx/c"}, NoRecord{}}},
                        {"/kubepods"},
                        {{.cgroup = "/kubepods/podx", .pod_uid = "x"}}};
  const ListingIndex shown(listing);
  EXPECT_EQ(shown.cgroups.size(), 3U);
  EXPECT_TRUE(shown.cgroups.contains("/kubepods/podx/c"));
  EXPECT_TRUE(shown.pod_uids.contains("x"));
}

}  // namespace
}  // namespace iopslimit::workload_test
