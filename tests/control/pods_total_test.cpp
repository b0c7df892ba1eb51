// SPDX-License-Identifier: Apache-2.0
#include "control/pods_total.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/remembering_sink.hpp"
#include "support/stacks.hpp"

namespace iopslimit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Devnum disk{259, 0};
const std::string kubepods = "/kubepods";

struct KubepodsRulesTest : testing::Test {
  RememberingSink kernel;
  HeldRules held{kernel, {}};
  std::vector<std::string> said;
  KubepodsRules rules{held, CgroupVersion::v2,
                      [this](const Report& news) { said.push_back(news.text); }};
  DataMounts mounts{Config{}};

  KubepodsRulesTest() { mounts.look({.mounts = {on_partition(disk)}, .places = {}}); }
};

TEST_F(KubepodsRulesTest, ATotalThatIsNotTakenIsSaidOnceAndSoIsItsSuccess) {
  kernel.failures[kubepods] = SinkError::not_held;
  EXPECT_EQ(rules.apply(kubepods, mounts), SinkError::not_held);
  EXPECT_EQ(rules.apply(kubepods, mounts), SinkError::not_held);
  EXPECT_THAT(said, ElementsAre(HasSubstr("the total for /kubepods is not in force: the kernel")));
  EXPECT_FALSE(rules.holds(kubepods));
  EXPECT_THAT(rules.holders(), IsEmpty());
  EXPECT_THAT(rules.views(), IsEmpty());
  said.clear();
  kernel.failures.clear();
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_THAT(said, ElementsAre(HasSubstr("total for /kubepods: read 3000 IOPS")));
  EXPECT_THAT(rules.holders(), ElementsAre(kubepods));
  EXPECT_EQ(rules.views().at(0).rules, (std::vector<Rule>{{disk, each_way(3000)}}));
}

TEST_F(KubepodsRulesTest, ATotalThatDoesNotHoldIsSaidOnce) {
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  said.clear();
  kernel.rules.clear();
  kernel.failures[kubepods] = SinkError::not_held;
  rules.repair(kubepods);
  rules.repair(kubepods);
  EXPECT_THAT(said, ElementsAre(HasSubstr("the total for /kubepods is not in force: the kernel")));
  EXPECT_FALSE(rules.holds(kubepods));
}

TEST_F(KubepodsRulesTest, ATotalThatCannotBeRemovedIsSaid) {
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  said.clear();
  kernel.failures[kubepods] = SinkError::not_held;
  rules.clear();
  EXPECT_THAT(said, ElementsAre(HasSubstr("cannot remove the total from /kubepods")));
  kernel.failures.clear();
  rules.clear();
  EXPECT_THAT(kernel.rules, IsEmpty());
  rules.apply_all(mounts);
  EXPECT_THAT(kernel.rules, IsEmpty()) << "until restore()";
  rules.restore();
  rules.apply_all(mounts);
  EXPECT_EQ(kernel.rules.size(), 1U);
}

TEST_F(KubepodsRulesTest, OnlyWhatIsShownKeepsItsRule) {
  const std::string slice = "/kubepods.slice";
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_FALSE(rules.apply(slice, mounts));
  rules.release_unless([&](const std::string& cgroup) { return cgroup == slice; });
  EXPECT_FALSE(rules.knows(kubepods));
  EXPECT_TRUE(rules.holds(slice));
  ASSERT_EQ(kernel.rules.size(), 1U);
  EXPECT_EQ(kernel.rules.begin()->first.cgroup, slice);
}

TEST_F(KubepodsRulesTest, AMountThatIsNotThereAddsNothingAndTakesNothing) {
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  mounts.look({.mounts = {NotMounted{"/data is not mounted"}},
               .places = {},
               .identities = {{disk, mounts.targets().at(0).device.identity}}});
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_FALSE(rules.apply("/kubepods.slice", mounts));
  EXPECT_TRUE(rules.holds(kubepods));
  EXPECT_FALSE(rules.holds("/kubepods.slice"));
}

}  // namespace
}  // namespace iopslimit
