// SPDX-License-Identifier: Apache-2.0
#include "control/pods_total.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_backend.hpp"
#include "support/stacks.hpp"

namespace iopslimit::pods_total_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Devnum disk{259, 0};
const std::string kubepods = "/kubepods";

struct Events final : EventSink {
  void emit(const Event& event) override { texts.push_back(event.text); }
  std::vector<std::string> texts;
};

struct PodsTotalTest : testing::Test {
  RecordingBackend kernel;
  RuleStore held{kernel, {}, [](const std::string&) {}};
  Events events;
  std::vector<std::string>& announced = events.texts;
  PodsTotal rules{held, events};
  DataMounts mounts{Config{}};

  PodsTotalTest() { mounts.scan({.mounts = {on_partition(disk)}, .system_mounts = {}}); }
};

TEST_F(PodsTotalTest, AnnouncesARefusedTotalOnceAndItsSuccess) {
  kernel.failures[kubepods] = ControlError::not_held;
  EXPECT_EQ(rules.apply(kubepods, mounts), ControlError::not_held);
  EXPECT_EQ(rules.apply(kubepods, mounts), ControlError::not_held);
  EXPECT_THAT(announced,
              ElementsAre(HasSubstr("the total for /kubepods is not in force: the kernel")));
  EXPECT_FALSE(rules.holds(kubepods));
  EXPECT_THAT(rules.holders(), IsEmpty());
  EXPECT_THAT(rules.views(), IsEmpty());
  announced.clear();
  kernel.failures.clear();
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_THAT(announced, ElementsAre(HasSubstr("total for /kubepods: read 3000 IOPS")));
  EXPECT_THAT(rules.holders(), ElementsAre(kubepods));
  EXPECT_EQ(rules.views().at(0).rules, (std::vector<Rule>{{disk, symmetric(3000)}}));
}

TEST_F(PodsTotalTest, AnnouncesATotalThatDoesNotHoldOnce) {
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  announced.clear();
  kernel.rules.clear();
  kernel.failures[kubepods] = ControlError::not_held;
  rules.repair(kubepods, Reading::first);
  rules.repair(kubepods, Reading::first);
  EXPECT_THAT(announced,
              ElementsAre(HasSubstr("the total for /kubepods is not in force: the kernel")));
  EXPECT_FALSE(rules.holds(kubepods));
}

TEST_F(PodsTotalTest, AnnouncesATotalThatCannotBeRemoved) {
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  announced.clear();
  kernel.failures[kubepods] = ControlError::not_held;
  rules.clear();
  EXPECT_THAT(announced, ElementsAre(HasSubstr("the total for /kubepods cannot be removed: ")));
  kernel.failures.clear();
  rules.clear();
  EXPECT_THAT(kernel.rules, IsEmpty());
  rules.apply_all(mounts);
  EXPECT_THAT(kernel.rules, IsEmpty()) << "until restore()";
  rules.restore();
  rules.apply_all(mounts);
  EXPECT_EQ(kernel.rules.size(), 1U);
}

TEST_F(PodsTotalTest, ReleasesDirectoriesThatAreNotShown) {
  const std::string slice = "/kubepods.slice";
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_FALSE(rules.apply(slice, mounts));
  rules.release_unless([&](const std::string& cgroup) { return cgroup == slice; });
  EXPECT_FALSE(rules.knows(kubepods));
  EXPECT_TRUE(rules.holds(slice));
  ASSERT_EQ(kernel.rules.size(), 1U);
  EXPECT_EQ(kernel.rules.begin()->first.cgroup, slice);
}

TEST_F(PodsTotalTest, AMountThatIsNotThereAddsNothingAndTakesNothing) {
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  mounts.scan({.mounts = {NotMounted{"/data is not mounted"}},
               .system_mounts = {},
               .identities = {{disk, mounts.targets().at(0).device.identity}}});
  EXPECT_FALSE(rules.apply(kubepods, mounts));
  EXPECT_FALSE(rules.apply("/kubepods.slice", mounts));
  EXPECT_TRUE(rules.holds(kubepods));
  EXPECT_FALSE(rules.holds("/kubepods.slice"));
}

}  // namespace
}  // namespace iopslimit::pods_total_test
