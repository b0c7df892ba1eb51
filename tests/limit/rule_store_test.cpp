// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/remembering_sink.hpp"

namespace iopslimit {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum disk{259, 0};
constexpr Devnum other_disk{259, 1};
constexpr Devnum other{8, 0};
const std::string pod = "/kubepods/pod00000000-0000-4000-8000-000000000001";

TEST(HeldRules, AdoptsWhatTheKernelHasNow) {
  RememberingSink kernel;
  kernel.rules[{pod, disk}] = each_way(70);
  HeldRules held(kernel, {{pod, disk}, {pod, other}});
  EXPECT_THAT(held.adopt(pod), ElementsAre(Rule{disk, each_way(70)}));
  EXPECT_THAT(held.adopt(pod), IsEmpty()) << "once";
}

TEST(HeldRules, ReleasesWhatNobodyAdopted) {
  RememberingSink kernel;
  kernel.rules[{pod, disk}] = each_way(70);
  HeldRules held(kernel, {{pod, disk}});
  held.release_left();
  EXPECT_THAT(kernel.rules, IsEmpty());
}

TEST(HeldRules, LeftRulesCanBeAdoptedAgain) {
  RememberingSink kernel;
  HeldRules held(kernel, {});
  kernel.rules[{pod, disk}] = each_way(70);
  held.leave(pod, {{disk, each_way(70)}});
  EXPECT_THAT(held.adopt(pod), ElementsAre(Rule{disk, each_way(70)}));
  held.release_left();
  EXPECT_EQ(kernel.rules.size(), 1U) << "adopted, so not left any more";
}

TEST(HeldRules, WhatCannotBeReleasedIsTriedAgain) {
  RememberingSink kernel;
  kernel.rules[{pod, disk}] = each_way(70);
  HeldRules held(kernel, {{pod, disk}});
  kernel.failures[pod] = SinkError::not_held;
  held.release_left();
  EXPECT_THAT(kernel.forgotten, IsEmpty());
  kernel.failures.clear();
  held.release_left();
  EXPECT_THAT(kernel.rules, IsEmpty());
}

TEST(HeldRules, AGoneCgroupOrDiskIsForgotten) {
  for (const SinkError gone : {SinkError::cgroup_gone, SinkError::device_refused}) {
    RememberingSink kernel;
    kernel.failures[pod] = gone;
    HeldRules held(kernel, {});
    held.release(pod, {{disk, each_way(70)}});
    EXPECT_THAT(kernel.forgotten, ElementsAre(RulePlace{pod, disk}));
  }
}

TEST(HeldRules, NoOtherCgroupIsEverTouched) {
  RememberingSink kernel;
  std::vector<RulePlace> listed;
  for (const char* cgroup : {"/", "", "/system.slice", "/system.slice/sshd.service", "/kubepods/x",
                             "/kubepods/../system.slice", "/init.scope"}) {
    listed.push_back({cgroup, disk});
    kernel.rules[{cgroup, disk}] = each_way(70);
  }
  const auto before = kernel.rules;
  HeldRules held(kernel, listed);
  for (const RulePlace& place : listed) EXPECT_THAT(held.adopt(place.cgroup), IsEmpty());
  held.release_left();
  EXPECT_EQ(kernel.rules, before);
}

TEST(HeldRules, OfADeviceThatIsAnotherOneNowTheKernelHasTheTruth) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  const std::vector<Rule> both{{disk, each_way(5)}, {other, each_way(6)}};
  std::vector<Rule> held = both;
  kernel.rules[{pod, disk}] = each_way(5);  // a loop device with another file
  rules.recheck(pod, disk, held);
  EXPECT_EQ(held, both);
  for (const Limit& limit : {each_way(7), Limit{}}) {  // somebody else's, or none
    held = both;
    kernel.forgotten.clear();
    kernel.rules[{pod, disk}] = limit;
    rules.recheck(pod, disk, held);
    EXPECT_THAT(held, ElementsAre(Rule{other, each_way(6)}));
    EXPECT_THAT(kernel.forgotten, ElementsAre(RulePlace{pod, disk}));
  }
  rules.recheck(pod, disk, held);
  EXPECT_THAT(kernel.forgotten, SizeIs(1));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST(HeldRules, OnlyTheFirstRuleOfAPlaceIsBegun) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held;
  for (const std::uint64_t iops : {5U, 6U, 7U})
    EXPECT_FALSE(rules.write(pod, {{disk, each_way(iops)}}, held));
  EXPECT_FALSE(rules.write(pod, {{disk, each_way(7)}, {other, each_way(7)}}, held));
  EXPECT_FALSE(rules.write(pod, {}, held));
  EXPECT_THAT(kernel.begun, ElementsAre(RulePlace{pod, disk}, RulePlace{pod, other}));
}

TEST(HeldRules, ATouchLeavesNothing) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  rules.touch({pod, disk});
  EXPECT_THAT(kernel.writes, SizeIs(2));
  EXPECT_THAT(kernel.begun, ElementsAre(RulePlace{pod, disk}));
  EXPECT_TRUE(kernel.rules.empty());
}

TEST(HeldRules, WhatIsRefusedIsNotTouchedFurther) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  kernel.refused = disk;
  rules.touch({pod, disk});
  kernel.gone = {pod};
  rules.touch({pod, other});
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST(HeldRules, AnErrorIsToldAndTheRestIsWrittenNevertheless) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held;
  kernel.failures[pod] = SinkError::not_held;
  EXPECT_EQ(rules.write(pod, {{disk, each_way(5)}, {other, each_way(6)}}, held),
            SinkError::not_held);
  EXPECT_THAT(held, IsEmpty());
  kernel.failures.clear();
  kernel.refused = disk;
  EXPECT_EQ(rules.write(pod, {{disk, each_way(5)}, {other, each_way(6)}}, held),
            SinkError::device_refused);
  EXPECT_THAT(held, ElementsAre(Rule{other, each_way(6)}));
  EXPECT_EQ(rules.writes(), 1U);
}

TEST(HeldRules, ADiskThatIsGoneHasNothingLeftToRemove) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held{{disk, each_way(5)}};
  kernel.refused = disk;
  EXPECT_FALSE(rules.write(pod, {}, held));
  EXPECT_THAT(held, IsEmpty());
}

TEST(HeldRules, OnlyWhatIsPutRightIsTold) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held{{disk, each_way(5)}};
  int told = 0;
  const auto repair = [&] {
    return rules.repair(pod, held, [&told](const Rule&, const Limit&) { ++told; });
  };
  kernel.failures[pod] = SinkError::cgroup_gone;
  EXPECT_FALSE(repair());
  EXPECT_EQ(told, 0) << "it went before it could be written";
  kernel.gone = {pod};
  EXPECT_FALSE(repair());
  EXPECT_EQ(told, 0) << "it went before it could be read";
  EXPECT_THAT(held, SizeIs(1)) << "its end is told elsewhere";
  kernel.gone.clear();
  kernel.failures.clear();
  EXPECT_FALSE(repair());
  EXPECT_EQ(told, 1);
  EXPECT_EQ(kernel.read({pod, disk}), each_way(5));
  EXPECT_FALSE(repair());
  EXPECT_EQ(told, 1);
}

TEST(HeldRules, WhatCannotBePutRightIsNotHeld) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held{{disk, each_way(5)}, {other_disk, each_way(7)}};
  kernel.failures[pod] = SinkError::not_held;
  kernel.rules[{pod, other_disk}] = each_way(7);
  EXPECT_EQ(rules.repair(pod, held, [](const Rule&, const Limit&) { FAIL() << "it is not right"; }),
            SinkError::not_held);
  EXPECT_THAT(held, ElementsAre(Rule{other_disk, each_way(7)}));
}

TEST(HeldRules, ARuleThatWentWithItsFileIsNotHeld) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held{{disk, each_way(5)}};
  kernel.gone = {pod};
  kernel.failures[pod] = SinkError::controller_missing;
  EXPECT_EQ(rules.repair(pod, held, [](const Rule&, const Limit&) { FAIL() << "it is not right"; }),
            SinkError::controller_missing);
  EXPECT_THAT(held, IsEmpty());
}

TEST(HeldRules, WhatCannotBeLookedAtIsHeldOn) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held{{disk, each_way(5)}};
  kernel.gone = {pod};
  kernel.failures[pod] = std::make_error_code(std::errc::too_many_files_open);
  EXPECT_FALSE(rules.repair(pod, held, [](const Rule&, const Limit&) { FAIL(); }));
  EXPECT_THAT(held, SizeIs(1));
}

TEST(HeldRules, OnlyFirstRulesAreToBeReadBackOnceForACgroup) {
  RememberingSink kernel;
  HeldRules rules(kernel, {});
  std::vector<Rule> held;
  EXPECT_FALSE(rules.write(pod, {{disk, each_way(5)}, {other_disk, each_way(7)}}, held));
  EXPECT_FALSE(rules.write(pod, {{disk, each_way(6)}, {other_disk, each_way(7)}}, held));
  EXPECT_EQ(rules.take_begun(), pod);
  EXPECT_EQ(rules.take_begun(), "");
}

TEST(HeldRules, WhatCannotBeReadIsNeitherAdoptedNorShown) {
  RememberingSink kernel;
  kernel.rules[{pod, disk}] = each_way(70);
  HeldRules rules(kernel, {{pod, disk}});
  rules.leave("/kubepods", {});
  std::vector<Rule> seen;
  const auto see = [&seen](const std::string&, const Rule& rule) { seen.push_back(rule); };
  rules.each_left(see);
  EXPECT_THAT(seen, ElementsAre(Rule{disk, each_way(70)}));
  seen.clear();
  kernel.gone = {pod};
  rules.each_left(see);
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_THAT(rules.adopt(pod), IsEmpty());
}

}  // namespace
}  // namespace iopslimit
