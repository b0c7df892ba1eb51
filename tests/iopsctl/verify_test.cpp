// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/sample_snapshot.hpp"

namespace iopslimit::verify_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct VerifyTest : testing::Test {
  Snapshot snapshot = sample_snapshot();
  std::map<std::string, std::vector<Rule>> kernel;
  std::vector<ContainerPath> present;

  VerifyTest() {
    for (const WorkloadView& one : snapshot.containers) {
      kernel[one.path.cgroup] = one.rules;
      present.push_back(one.path);
    }
    kernel["/kubepods"] = snapshot.totals[0].rules;
  }
  Comparison compared() {
    return compare(snapshot, present,
                   [this](const std::string& cgroup) -> std::optional<std::vector<Rule>> {
                     const auto found = kernel.find(cgroup);
                     if (found == kernel.end()) return std::nullopt;
                     return found->second;
                   });
  }
  std::vector<Rule>& of(std::size_t at) { return kernel[snapshot.containers[at].path.cgroup]; }
};

TEST_F(VerifyTest, FindsNoDifferenceInEqualRules) {
  EXPECT_EQ(compared().rules, 3U);
  EXPECT_THAT(compared().differences, IsEmpty());
}

TEST_F(VerifyTest, NamesProcessesThatNoRuleReaches) {
  const ContainerPath limited = snapshot.containers[0].path;
  const ContainerPath exempt = snapshot.containers[2].path;
  ASSERT_THAT(snapshot.containers[2].rules, IsEmpty());
  Comparison comparison = compared();
  const std::size_t before = comparison.missing.size();
  add_strays({{&limited, limited.cgroup + "/a"}, {&exempt, exempt.cgroup + "/a"}}, snapshot,
             comparison);
  ASSERT_THAT(comparison.missing, SizeIs(before + 1));
  EXPECT_EQ(comparison.missing.back().cgroup, limited.cgroup + "/a");
  EXPECT_THAT(comparison.missing.back().text, HasSubstr("which has no rule"));
  EXPECT_FALSE(comparison.good());
}

TEST_F(VerifyTest, FindsEveryDifference) {
  of(0)[0].limit.write_iops = 7;
  of(1).clear();
  of(2) = {{{259, 0}, symmetric(9)}};
  kernel["/kubepods"].clear();
  present.push_back(sample_container('9', "n", "p9", "c").path);
  const auto found = compared().differences;
  ASSERT_THAT(found, SizeIs(5));
  EXPECT_THAT(found[0].text, HasSubstr("the kernel holds read 500 IOPS, write 7 IOPS"));
  EXPECT_THAT(found[1].text, HasSubstr("the kernel holds no rule"));
  EXPECT_THAT(found[2].text, HasSubstr("should hold no rule"));
  EXPECT_THAT(found[3].shown, HasSubstr("the total of /kubepods"));
  EXPECT_THAT(found[4].text, HasSubstr("does not know"));
}

TEST_F(VerifyTest, AcceptsLimitsThatSharingChanged) {
  snapshot = sharing_snapshot();
  snapshot.devices.pop_back();
  std::erase_if(snapshot.containers,
                [](const WorkloadView& one) { return one.state == State::failed; });
  kernel.clear();
  present.clear();
  for (const WorkloadView& one : snapshot.containers) {
    kernel[one.path.cgroup] = one.rules;
    present.push_back(one.path);
  }
  kernel["/kubepods"] = snapshot.totals[0].rules;
  ASSERT_THAT(of(0)[0].limit.read_iops, 1840);
  EXPECT_TRUE(compared().good());
  for (const HealthCheck& check : health_of(snapshot, compared())) EXPECT_TRUE(check.good);
  of(0) = snapshot.containers[0].configured;  // the loan is not in force
  EXPECT_THAT(compared().differences, SizeIs(1));
}

// A limit may change between two queries, and again between the next two.
TEST_F(VerifyTest, DropsDifferenceOfLimitThatSharingChangesMeanwhile) {
  const WorkloadView& db = snapshot.containers[0];
  of(0)[0].limit.read_iops = 1840;
  const Comparison first = compared();
  ASSERT_THAT(first.differences, SizeIs(1));
  snapshot.containers[0].configured = db.rules;
  snapshot.containers[0].rules[0].limit.read_iops = 1840;
  of(0)[0].limit.read_iops = 1200;
  const Comparison second = compared();
  ASSERT_THAT(second.differences, SizeIs(1));
  EXPECT_THAT(in_both(first, second).differences, IsEmpty());
}

TEST_F(VerifyTest, IgnoresRulesOnOtherDisks) {
  of(2) = {{{8, 0}, symmetric(9)}};
  EXPECT_THAT(compared().differences, IsEmpty());
}

TEST_F(VerifyTest, DropsDifferenceOfContainerThatEnded) {
  kernel.erase(snapshot.containers[0].path.cgroup);
  const Comparison first = compared();
  EXPECT_THAT(first.differences, SizeIs(1));
  snapshot.containers.erase(snapshot.containers.begin());
  EXPECT_THAT(in_both(first, compared()).differences, IsEmpty());
}

TEST_F(VerifyTest, NamesWhatNothingIsInForceFor) {
  snapshot.containers[0].state = State::pending;
  snapshot.containers[0].rules.clear();
  of(0).clear();
  const Comparison found = compared();
  ASSERT_THAT(found.missing, SizeIs(3));
  EXPECT_EQ(found.missing[0].shown, "/logs");
  EXPECT_EQ(found.missing[0].text, "is waited for: /logs is not mounted: it is a plain directory");
  EXPECT_EQ(found.missing[1].shown, "shop/db-0/db");
  EXPECT_THAT(found.missing[1].text, HasSubstr("waits for its data mount"));
  EXPECT_THAT(found.missing[2].text, HasSubstr("the io controller is not enabled"));
  EXPECT_FALSE(found.good());
  const auto health = health_of(snapshot, found);
  EXPECT_FALSE(health[1].good);
  EXPECT_THAT(health[1].text, HasSubstr("/logs is waited for"));
  EXPECT_THAT(health[2].text, HasSubstr("2 containers are not limited"));
}

TEST_F(VerifyTest, AnUnlimitedContainerWaitsForNothing) {
  snapshot.devices.pop_back();
  snapshot.containers.pop_back();
  present.pop_back();
  snapshot.containers[2].state = State::pending;  // each limit is 0
  EXPECT_TRUE(compared().good());
  snapshot.cleared = true;
  EXPECT_THAT(compared().missing, SizeIs(1));
}

TEST_F(VerifyTest, ATotalThatIsNotInForceIsNamed) {
  snapshot.devices.pop_back();
  snapshot.containers.pop_back();
  present.pop_back();
  snapshot.devices.push_back(snapshot.devices[0]);
  snapshot.devices[1].devices = {{259, 7}};
  ASSERT_THAT(compared().missing, SizeIs(1));
  EXPECT_EQ(compared().missing[0].shown, "the total of /kubepods");
}

TEST_F(VerifyTest, WhatWasMissingOnlyOnceIsDropped) {
  const Comparison first = compared();
  snapshot.devices[1].state = DeviceState::limited;
  EXPECT_THAT(in_both(first, compared()).missing, SizeIs(1)) << "the failed container";
}

TEST_F(VerifyTest, HealthFailsOnAnyBadCheck) {
  EXPECT_FALSE(health_of(snapshot, compared())[2].good) << "one failed";
  snapshot.devices[1].state = DeviceState::limited;
  snapshot.containers.pop_back();
  present.pop_back();
  for (const HealthCheck& check : health_of(snapshot, compared())) EXPECT_TRUE(check.good);
  snapshot.devices[1].state = DeviceState::refused;
  EXPECT_FALSE(health_of(snapshot, compared())[1].good);
  snapshot.cleared = true;
  EXPECT_FALSE(health_of(snapshot, compared())[2].good);
  of(0).clear();
  EXPECT_FALSE(health_of(snapshot, compared())[3].good);
  EXPECT_TRUE(health_of(snapshot, compared())[4].good);
  snapshot.problems = {"/sys/fs/cgroup no longer leads to the cgroup hierarchy"};
  const HealthCheck node = health_of(snapshot, compared())[4];
  EXPECT_FALSE(node.good) << "it does not see all of the node";
  EXPECT_EQ(node.text, snapshot.problems[0]);
}

}  // namespace
}  // namespace iopslimit::verify_test
