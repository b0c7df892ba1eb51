// SPDX-License-Identifier: Apache-2.0
#include "control/workload.hpp"

#include <gtest/gtest.h>

#include "control/listing.hpp"

namespace iopslimit {
namespace {

using Learned = Carrier::Learned;

TEST(Carriers, LearnARecordOnceForAConfiguration) {
  Carrier carrier;
  EXPECT_EQ(carrier.learn(NoRecord{}), Learned::nothing);
  EXPECT_EQ(carrier.names(), nullptr);
  EXPECT_EQ(carrier.learn(Record{.name = "web"}), Learned::record);
  EXPECT_EQ(carrier.learn(Record{.name = "forged"}), Learned::nothing);
  EXPECT_EQ(carrier.names()->name, "web");
  carrier.read_again = true;
  EXPECT_EQ(carrier.learn(NoRecord{}), Learned::nothing);
  EXPECT_EQ(carrier.learn(Record{.name = "web", .labels = {{"a", "b"}}}), Learned::record);
  EXPECT_FALSE(carrier.read_again);
  EXPECT_EQ(carrier.names()->labels.size(), 1U);
}

TEST(Carriers, AnIncompleteRecordIsReadAgain) {
  Carrier carrier;
  EXPECT_EQ(carrier.learn(Record{.incomplete = true, .name = "web"}), Learned::record);
  EXPECT_FALSE(carrier.has_whole_record());
  EXPECT_EQ(carrier.learn(Record{.incomplete = true, .name = "web"}), Learned::nothing);
  EXPECT_EQ(carrier.learn(Record{.name = "web"}), Learned::record);
  EXPECT_TRUE(carrier.has_whole_record());
}

TEST(Carriers, ABadRecordIsToldOnceAndTakesNothingAway) {
  Carrier carrier;
  EXPECT_EQ(carrier.learn(BadRecord{"cut short"}), Learned::bad_record);
  EXPECT_EQ(carrier.learn(BadRecord{"cut short"}), Learned::nothing);
  EXPECT_EQ(carrier.learn(BadRecord{"not an object"}), Learned::bad_record);
  EXPECT_EQ(carrier.learn(Record{.name = "web"}), Learned::record);
  carrier.read_again = true;
  EXPECT_EQ(carrier.learn(BadRecord{"cut short"}), Learned::nothing);
  EXPECT_EQ(carrier.names()->name, "web");
}

TEST(Listings, ShowEveryCgroupAndPod) {
  const Listing listing{{{{.cgroup = "/kubepods/podx/c"}, NoRecord{}}},
                        {"/kubepods"},
                        {{.cgroup = "/kubepods/podx", .pod_uid = "x"}}};
  const Shown shown(listing);
  EXPECT_EQ(shown.cgroups.size(), 3U);
  EXPECT_TRUE(shown.cgroups.contains("/kubepods/podx/c"));
  EXPECT_TRUE(shown.pod_uids.contains("x"));
}

}  // namespace
}  // namespace iopslimit
