// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/sample_snapshot.hpp"

namespace iopslimit {
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

TEST_F(VerifyTest, HealthFailsOnAnyBadCheck) {
  EXPECT_FALSE(health_of(snapshot, compared())[2].good) << "one failed";
  snapshot.containers.pop_back();
  present.pop_back();
  for (const HealthCheck& check : health_of(snapshot, compared())) EXPECT_TRUE(check.good);
  snapshot.devices[1].state = DeviceState::refused;
  EXPECT_FALSE(health_of(snapshot, compared())[1].good);
  snapshot.cleared = true;
  EXPECT_FALSE(health_of(snapshot, compared())[2].good);
  of(0).clear();
  EXPECT_FALSE(health_of(snapshot, compared())[3].good);
}

}  // namespace
}  // namespace iopslimit
