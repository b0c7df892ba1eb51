// SPDX-License-Identifier: Apache-2.0
#include "limit/rule_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/recording_backend.hpp"

namespace iopslimit::rule_store_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum disk{259, 0};
constexpr Devnum other_disk{259, 1};
constexpr Devnum other{8, 0};
const std::string pod = "/kubepods/pod00000000-0000-4000-8000-000000000001";

const RuleStore::Unverified not_verified = [](const std::string&) {};

TEST(RuleStore, AdoptsWhatTheKernelHasNow) {
  RecordingBackend kernel;
  kernel.rules[{pod, disk}] = symmetric(70);
  RuleStore held(kernel, {{pod, disk}, {pod, other}}, not_verified);
  EXPECT_THAT(held.adopt(pod), ElementsAre(Rule{disk, symmetric(70)}));
  EXPECT_THAT(held.adopt(pod), IsEmpty()) << "once";
}

TEST(RuleStore, ReleasesOrphans) {
  RecordingBackend kernel;
  kernel.rules[{pod, disk}] = symmetric(70);
  RuleStore held(kernel, {{pod, disk}}, not_verified);
  held.release_orphans();
  EXPECT_THAT(kernel.rules, IsEmpty());
}

TEST(RuleStore, OrphansCanBeAdoptedAgain) {
  RecordingBackend kernel;
  RuleStore held(kernel, {}, not_verified);
  kernel.rules[{pod, disk}] = symmetric(70);
  held.orphan(pod, {{disk, symmetric(70)}});
  EXPECT_THAT(held.adopt(pod), ElementsAre(Rule{disk, symmetric(70)}));
  held.release_orphans();
  EXPECT_EQ(kernel.rules.size(), 1U) << "adopted, so not left any more";
}

TEST(RuleStore, RetriesFailedReleases) {
  RecordingBackend kernel;
  kernel.rules[{pod, disk}] = symmetric(70);
  RuleStore held(kernel, {{pod, disk}}, not_verified);
  kernel.failures[pod] = ControlError::not_held;
  held.release_orphans();
  EXPECT_THAT(kernel.forgotten, IsEmpty());
  kernel.failures.clear();
  held.release_orphans();
  EXPECT_THAT(kernel.rules, IsEmpty());
}

TEST(RuleStore, AGoneCgroupOrDiskIsForgotten) {
  for (const ControlError gone : {ControlError::cgroup_gone, ControlError::device_refused}) {
    RecordingBackend kernel;
    kernel.failures[pod] = gone;
    RuleStore held(kernel, {}, not_verified);
    held.release(pod, {{disk, symmetric(70)}});
    EXPECT_THAT(kernel.forgotten, ElementsAre(RuleKey{pod, disk}));
  }
}

TEST(RuleStore, NeverWritesToForeignCgroups) {
  RecordingBackend kernel;
  std::vector<RuleKey> listed;
  for (const char* cgroup : {"/", "", "/system.slice", "/system.slice/sshd.service", "/kubepods/x",
                             "/kubepods/../system.slice", "/init.scope"}) {
    listed.push_back({cgroup, disk});
    kernel.rules[{cgroup, disk}] = symmetric(70);
  }
  const auto before = kernel.rules;
  RuleStore held(kernel, listed, not_verified);
  for (const RuleKey& key : listed) EXPECT_THAT(held.adopt(key.cgroup), IsEmpty());
  held.release_orphans();
  EXPECT_EQ(kernel.rules, before);
}

TEST(RuleStore, OfADeviceThatIsAnotherOneNowTheKernelHasTheTruth) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  const std::vector<Rule> both{{disk, symmetric(5)}, {other, symmetric(6)}};
  std::vector<Rule> held = both;
  kernel.rules[{pod, disk}] = symmetric(5);  // a loop device with another file
  rules.revalidate(pod, disk, held);
  EXPECT_EQ(held, both);
  for (const Limit& limit : {symmetric(7), Limit{}}) {  // somebody else's, or none
    held = both;
    kernel.forgotten.clear();
    kernel.rules[{pod, disk}] = limit;
    rules.revalidate(pod, disk, held);
    EXPECT_THAT(held, ElementsAre(Rule{other, symmetric(6)}));
    EXPECT_THAT(kernel.forgotten, ElementsAre(RuleKey{pod, disk}));
  }
  rules.revalidate(pod, disk, held);
  EXPECT_THAT(kernel.forgotten, SizeIs(1));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST(RuleStore, CreatesOnlyTheFirstRuleOfAKey) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held;
  for (const std::uint64_t iops : {5U, 6U, 7U})
    EXPECT_FALSE(rules.set(pod, {{disk, symmetric(iops)}}, held));
  EXPECT_FALSE(rules.set(pod, {{disk, symmetric(7)}, {other, symmetric(7)}}, held));
  EXPECT_FALSE(rules.set(pod, {}, held));
  EXPECT_THAT(kernel.begun, ElementsAre(RuleKey{pod, disk}, RuleKey{pod, other}));
}

TEST(RuleStore, PrimeLeavesNoRule) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  rules.prime({pod, disk});
  EXPECT_THAT(kernel.writes, SizeIs(2));
  EXPECT_THAT(kernel.begun, ElementsAre(RuleKey{pod, disk}));
  EXPECT_TRUE(kernel.rules.empty());
}

TEST(RuleStore, PrimeStopsAfterARefusal) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  kernel.refused = disk;
  rules.prime({pod, disk});
  kernel.gone = {pod};
  rules.prime({pod, other});
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST(RuleStore, WritesTheRestAfterAnError) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held;
  kernel.failures[pod] = ControlError::not_held;
  EXPECT_EQ(rules.set(pod, {{disk, symmetric(5)}, {other, symmetric(6)}}, held),
            ControlError::not_held);
  EXPECT_THAT(held, IsEmpty());
  kernel.failures.clear();
  kernel.refused = disk;
  EXPECT_EQ(rules.set(pod, {{disk, symmetric(5)}, {other, symmetric(6)}}, held),
            ControlError::device_refused);
  EXPECT_THAT(held, ElementsAre(Rule{other, symmetric(6)}));
  EXPECT_EQ(rules.writes(), 1U);
}

TEST(RuleStore, ADiskThatIsGoneHasNothingLeftToRemove) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}};
  kernel.refused = disk;
  EXPECT_FALSE(rules.set(pod, {}, held));
  EXPECT_THAT(held, IsEmpty());
}

TEST(RuleStore, ReportsOnlyRestoredRules) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}};
  int on_event = 0;
  const auto repair = [&] {
    return rules.repair(pod, held, [&on_event](const Rule&, const Limit&) { ++on_event; });
  };
  kernel.failures[pod] = ControlError::cgroup_gone;
  EXPECT_FALSE(repair());
  EXPECT_EQ(on_event, 0) << "it went before it could be written";
  kernel.gone = {pod};
  EXPECT_FALSE(repair());
  EXPECT_EQ(on_event, 0) << "it went before it could be read";
  EXPECT_THAT(held, SizeIs(1)) << "its end is told elsewhere";
  kernel.gone.clear();
  kernel.failures.clear();
  EXPECT_FALSE(repair());
  EXPECT_EQ(on_event, 1);
  EXPECT_EQ(kernel.read({pod, disk}), symmetric(5));
  EXPECT_FALSE(repair());
  EXPECT_EQ(on_event, 1);
}

TEST(RuleStore, FirstRuleThatTheKernelDoesNotHoldIsNotHeld) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}, {other_disk, symmetric(7)}};
  kernel.failures[pod] = ControlError::not_held;
  kernel.rules[{pod, other_disk}] = symmetric(7);
  const auto repaired = [](const Rule&, const Limit&) { FAIL() << "it is not right"; };
  EXPECT_EQ(rules.repair(pod, held, repaired, Reading::first), ControlError::not_held);
  EXPECT_THAT(held, ElementsAre(Rule{other_disk, symmetric(7)}));
}

TEST(RuleStore, RuleThatIsChangedAgainAtOnceStaysHeld) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}};
  kernel.failures[pod] = ControlError::not_held;
  int repaired = 0;
  const auto count = [&repaired](const Rule&, const Limit&) { ++repaired; };
  EXPECT_EQ(rules.repair(pod, held, count), ControlError::not_held);
  EXPECT_THAT(held, ElementsAre(Rule{disk, symmetric(5)}));
  EXPECT_EQ(repaired, 1) << "somebody changes it, again and again";
  kernel.failures.clear();
  EXPECT_FALSE(rules.repair(pod, held, count));
  EXPECT_EQ(kernel.rules.at({pod, disk}), symmetric(5));
}

TEST(RuleStore, WritesAgainWhereSomebodyElseWasFasterThanTheReading) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}};
  kernel.failures[pod] = ControlError::not_held;
  kernel.failing = 3;
  EXPECT_FALSE(rules.repair(pod, held, [](const Rule&, const Limit&) {}));
  EXPECT_EQ(kernel.rules.at({pod, disk}), symmetric(5));
  kernel.failing = 3;
  EXPECT_FALSE(rules.set(pod, {{disk, symmetric(6)}}, held));
  EXPECT_EQ(kernel.rules.at({pod, disk}), symmetric(6));
  kernel.failing = 3;
  rules.release(pod, held);
  EXPECT_THAT(kernel.rules, IsEmpty());
}

TEST(RuleStore, ARuleThatWentWithItsFileIsNotHeld) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}};
  kernel.gone = {pod};
  kernel.failures[pod] = ControlError::controller_missing;
  EXPECT_EQ(rules.repair(pod, held, [](const Rule&, const Limit&) { FAIL() << "it is not right"; }),
            ControlError::controller_missing);
  EXPECT_THAT(held, IsEmpty());
}

TEST(RuleStore, UnreadableRuleStaysHeld) {
  RecordingBackend kernel;
  RuleStore rules(kernel, {}, not_verified);
  std::vector<Rule> held{{disk, symmetric(5)}};
  kernel.gone = {pod};
  kernel.failures[pod] = std::make_error_code(std::errc::too_many_files_open);
  EXPECT_FALSE(rules.repair(pod, held, [](const Rule&, const Limit&) { FAIL(); }));
  EXPECT_THAT(held, SizeIs(1));
}

TEST(RuleStore, ReportsUnverifiedFirstRulesOnceForACgroup) {
  RecordingBackend kernel;
  std::vector<std::string> unverified;
  RuleStore rules(kernel, {},
                  [&unverified](const std::string& cgroup) { unverified.push_back(cgroup); });
  std::vector<Rule> held;
  EXPECT_FALSE(rules.set(pod, {{disk, symmetric(5)}, {other_disk, symmetric(7)}}, held));
  EXPECT_FALSE(rules.set(pod, {{disk, symmetric(6)}, {other_disk, symmetric(7)}}, held));
  EXPECT_EQ(unverified, std::vector{pod});
}

TEST(RuleStore, UnreadableOrphanIsNeitherAdoptedNorShown) {
  RecordingBackend kernel;
  kernel.rules[{pod, disk}] = symmetric(70);
  RuleStore rules(kernel, {{pod, disk}}, not_verified);
  rules.orphan("/kubepods", {});
  std::vector<Rule> seen;
  const auto see = [&seen](const std::string&, const Rule& rule) { seen.push_back(rule); };
  rules.each_orphan(see);
  EXPECT_THAT(seen, ElementsAre(Rule{disk, symmetric(70)}));
  seen.clear();
  kernel.gone = {pod};
  rules.each_orphan(see);
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_THAT(rules.adopt(pod), IsEmpty());
}

TEST(MayHoldRules, RefusesPathsThatLeaveTheContainers) {
  const std::string id(64, 'a');
  for (const std::string& good :
       {std::string("/kubepods"), "/kubepods/podx/" + id, "/docker/" + id})
    EXPECT_TRUE(may_hold_rules(good)) << good;
  for (const std::string& bad :
       {std::string("/.."), std::string("/../kubepods"), "/kubepods/podx/../" + id,
        "/kubepods/../podx/" + id, "/kubepods/./podx/" + id, "//kubepods/podx/" + id,
        "/kubepods//podx/" + id, "kubepods/podx/" + id, "/kubepods/podx/" + id + "/..",
        std::string("/system.slice"), std::string()})
    EXPECT_FALSE(may_hold_rules(bad)) << bad;
}

}  // namespace
}  // namespace iopslimit::rule_store_test
