// SPDX-License-Identifier: Apache-2.0
// The controller driven by plain values, with a backend that remembers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "control/budget.hpp"
#include "support/driven_controller.hpp"
#include "support/parsed_path.hpp"
#include "support/stacks.hpp"

namespace iopslimit::controller_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum nvme0{259, 0};
constexpr Devnum nvme1{259, 5};
constexpr Limit five_hundred{.read_iops = 500, .write_iops = 500};
const std::string kubepods = "/kubepods";

ContainerPath container(int number) {
  std::string id = std::to_string(number);
  id.insert(0, 64 - id.size(), '0');
  return *parse_container_path("/kubepods/burstable/pod00000000-0000-4000-8000-000000000001/" + id);
}

const std::string pod_cgroup = "/kubepods/burstable/pod00000000-0000-4000-8000-000000000001";

ContainerPath pod() {
  return *parse_pod_path(pod_cgroup);
}

Record named(const std::string& name) {
  return {.name = name, .image = "i", .pod = "p", .pod_namespace = "n"};
}

const NotMounted not_mounted{"/data is not mounted"};

struct ControllerTest : testing::Test, DrivenController {
  Controller& start(CgroupVersion version = CgroupVersion::v2, Config config = {},
                    std::vector<RuleKey> ours = {}) {
    DrivenController::start(std::move(config), std::move(ours), version);
    scan({on_partition(nvme0)});
    take_events();
    return *controller;
  }
  /// A look at the disks; `identities` are those of devices that are not what they were.
  void scan(std::vector<MountFacts> mounts, std::map<Devnum, std::string> identities = {}) {
    DiskFacts facts{
        .mounts = std::move(mounts), .system_mounts = {}, .identities = std::move(identities)};
    for (const Target& target : node().targets())
      facts.identities.try_emplace(target.device.devnum, target.device.identity);
    controller->on_disks(facts);
  }
  void kubepods_appears() { controller->on_appeared(directory(kubepods), NoRecord{}); }
  std::vector<Event> events(Action action) {
    std::vector<Event> of_kind;
    for (Event& event : take_events()) {
      if (event.action == action) of_kind.push_back(std::move(event));
    }
    return of_kind;
  }
};

TEST_F(ControllerTest, AContainerIsLimitedWhenItAppears) {
  start();
  controller->on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  const auto limited = events(Action::limited);
  ASSERT_THAT(limited, SizeIs(1));
  EXPECT_EQ(limited[0].container_name, "web");
  EXPECT_EQ(limited[0].container_id, container(1).id);
  EXPECT_EQ(limited[0].pod_uid, "00000000-0000-4000-8000-000000000001");
  EXPECT_THAT(limited[0].rules, ElementsAre(Rule{nvme0, five_hundred}));
}

TEST_F(ControllerTest, SecondAppearanceWritesAndAnnouncesNothing) {
  start();
  controller->on_appeared(container(1), named("web"));
  controller->on_appeared(container(1), named("web"));
  EXPECT_THAT(kernel.writes, SizeIs(1));
  EXPECT_THAT(events(Action::limited), SizeIs(1));
}

TEST_F(ControllerTest, EventShowsTheStateOfItsTime) {
  start();
  controller->on_appeared(container(1), NoRecord{});
  controller->on_appeared(container(2), named("db"));
  Config other;
  other.limit = symmetric(300);
  controller->on_config(other,
                        {.containers = {{container(1), NoRecord{}}, {container(2), NoRecord{}}}});
  controller->on_vanished(container(2));
  std::vector<std::string> texts;
  for (const Event& line : events(Action::limited)) texts.push_back(line.text);
  ASSERT_THAT(texts, SizeIs(4));
  EXPECT_THAT(texts[0], HasSubstr("read 500 IOPS"));
  EXPECT_THAT(texts[1], AllOf(HasSubstr("db"), HasSubstr("read 500 IOPS")));
  EXPECT_THAT(texts[2], HasSubstr("read 300 IOPS"));
  EXPECT_THAT(texts[3], AllOf(HasSubstr("db"), HasSubstr("read 300 IOPS")));
  EXPECT_THAT(take_events(), IsEmpty());
}

TEST_F(ControllerTest, SandboxesAreLimitedWithoutALineAndAreNotCounted) {
  start(CgroupVersion::v1, {.total_iops = 600});
  controller->on_appeared(container(1), Record{.sandbox = true, .pod = "p"});
  EXPECT_EQ(kernel.of(container(1)), five_hundred) << "gVisor's processes are in it";
  EXPECT_THAT(take_events(), IsEmpty());
  EXPECT_THAT(node().status(), HasSubstr("0 containers limited"));
  EXPECT_EQ(node().snapshot().devices.at(0).used, Limit{});
  controller->on_appeared(container(2), named("web"));
  EXPECT_EQ(kernel.of(container(2)), five_hundred) << "pause takes no share of the total";
  controller->on_appeared(container(3), Record{.sandbox = true, .pod_namespace = "kube-system"});
  EXPECT_TRUE(kernel.of(container(3)).unlimited()) << "its pod is exempt";
  controller->on_config({.limit = symmetric(300), .total_iops = 600},
                        {.containers = {{container(1), Record{.sandbox = true, .pod = "p"}},
                                        {container(2), named("web")}}});
  EXPECT_EQ(kernel.of(container(1)), symmetric(300));
  EXPECT_THAT(events(Action::reloaded).at(0).text, HasSubstr("1 of 2 containers changed"));
  controller->clear();
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
}

TEST_F(ControllerTest, AnAnnotationIsRefusedWithTheNameOfAContainer) {
  start();
  Record sandbox{.sandbox = true, .pod = "p", .annotations = {{"iopslimit.org/iops", "lots"}}};
  controller->on_appeared(container(1), sandbox);
  EXPECT_THAT(events(Action::ignored), IsEmpty()) << "a sandbox has no name";
  Record web = named("web");
  web.annotations = sandbox.annotations;
  ContainerPath beside = container(2);
  beside.pod_uid = container(1).pod_uid;
  controller->on_appeared(beside, web);
  EXPECT_THAT(events(Action::ignored), ElementsAre(testing::Field(&Event::container_name, "web")));
}

TEST_F(ControllerTest, UnfamiliarCgroupsAreSaidOnceAndCounted) {
  start();
  const auto unfamiliar = [](const std::string& cgroup) { return parse_cgroup(cgroup); };
  const std::string id(64, 'a');
  const std::string other(64, 'b');
  controller->on_appeared(unfamiliar("/system.slice/docker-" + id + ".scope"), NoRecord{});
  controller->on_appeared(unfamiliar("/system.slice/docker-" + other + ".scope"), NoRecord{});
  controller->on_appeared(unfamiliar("/kubepods/pod0a/exec"), NoRecord{});
  const auto said = events(Action::degraded);
  ASSERT_THAT(said, SizeIs(2)) << "once for each folder";
  EXPECT_THAT(said[0].text, HasSubstr("set [runtime] standalone = docker"));
  EXPECT_THAT(said[1].text, HasSubstr("/kubepods/pod0a/exec is in a pod"));
  EXPECT_EQ(said[1].severity, Severity::warning);
  EXPECT_THAT(node().status(), HasSubstr("3 left alone (see the journal)"));
  EXPECT_EQ(node().summary().snapshot.left_alone, 3U);
  controller->on_vanished(unfamiliar("/kubepods/pod0a/exec"));
  EXPECT_EQ(node().left_alone.size(), 2U);
  controller->on_rescan({.unfamiliar = {unfamiliar("/system.slice/docker-" + id + ".scope")}});
  EXPECT_EQ(node().left_alone.size(), 1U);
  controller->on_config({}, {});
  EXPECT_EQ(node().left_alone.size(), 0U);
  EXPECT_THAT(events(Action::degraded), IsEmpty());
}

TEST_F(ControllerTest, UsersContainersAreSaidOnceAndCounted) {
  start();
  const std::string own = "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-";
  const std::string cgroup = own + std::string(64, 'a') + ".scope";
  controller->on_rescan({.users_container = cgroup});
  controller->on_rescan({.users_container = own + std::string(64, 'b') + ".scope"});
  const auto said = events(Action::degraded);
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_EQ(said[0].cgroup, cgroup);
  EXPECT_EQ(said[0].severity, Severity::notice);
  EXPECT_THAT(said[0].text, HasSubstr("a limit of user.slice holds for all of them"));
  EXPECT_EQ(node().left_alone.size(), 1U);
  controller->on_rescan({});
  EXPECT_EQ(node().left_alone.size(), 0U);
}

TEST_F(ControllerTest, StraysOfLimitedContainersAreSaidOnceAndCounted) {
  start(CgroupVersion::v1);
  controller->on_appeared(container(1), named("web"));
  controller->on_appeared(container(2), named("istio-proxy"));
  Listing listing{
      .containers = {{container(1), named("web")}, {container(2), named("istio-proxy")}},
      .strays = {{container(1), container(1).cgroup + "/a"},
                 {container(1), container(1).cgroup + "/b"},
                 {container(2), container(2).cgroup + "/a"}}};
  controller->on_rescan(listing);
  controller->on_rescan(listing);
  const auto said = events(Action::degraded);
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_EQ(said[0].cgroup, container(1).cgroup + "/a");
  EXPECT_EQ(said[0].container_id, container(1).id);
  EXPECT_EQ(node().left_alone.size(), 2U) << "who is exempt may do as it likes";
}

TEST_F(ControllerTest, KeywordsExempt) {
  start();
  controller->on_appeared(container(1), named("istio-proxy"));
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(events(Action::exempted), SizeIs(1));
}

TEST_F(ControllerTest, LateRecordCorrectsTheDefault) {
  start();
  controller->on_appeared(container(1), NoRecord{});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(events(Action::limited), SizeIs(1));
  EXPECT_FALSE(node().has_record(container(1).cgroup));
  controller->on_appeared(container(1), named("istio-proxy"));
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_TRUE(node().has_record(container(1).cgroup));
  EXPECT_THAT(events(Action::exempted), SizeIs(1));
}

TEST_F(ControllerTest, BadRecordIsAnnouncedOnceAndLimited) {
  start();
  controller->on_appeared(container(1), BadRecord{"cut short"});
  controller->on_appeared(container(1), BadRecord{"cut short"});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  std::size_t announced = 0;
  for (const Event& event : take_events()) {
    if (event.severity == Severity::warning) ++announced;
  }
  EXPECT_EQ(announced, 1U);
}

TEST_F(ControllerTest, BadRecordGetsTheStrictestPolicyThatCouldMatch) {
  Config config;
  config.policies = {{"db", {.globs = {{"pod", "db-*"}}, .limits = {.iops = 100}}}};
  start(CgroupVersion::v2, std::move(config));
  controller->on_appeared(container(1), BadRecord{"cut short"});
  EXPECT_EQ(kernel.of(container(1)), symmetric(100));
  controller->on_appeared(container(1), Record{.name = "web"});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
}

TEST_F(ControllerTest, ReportsCanBeTakenOneByOneInTheirOrder) {
  start();
  const auto next = [this] {
    delivered.clear();
    return announcer.deliver_one() ? delivered.at(0).text : "no event";
  };
  controller->on_appeared(container(1), named("one"));
  controller->on_appeared(container(2), named("two"));
  EXPECT_THAT(next(), HasSubstr("limited: one"));
  controller->on_appeared(container(3), BadRecord{"cut short"});
  EXPECT_THAT(next(), HasSubstr("limited: two"));
  EXPECT_THAT(next(), HasSubstr("cut short"));
  EXPECT_THAT(next(), HasSubstr("limited: "));
  EXPECT_EQ(next(), "no event");
}

TEST_F(ControllerTest, ARecordThatTurnsBadLosesNothing) {
  start();
  controller->on_appeared(container(1), named("istio-proxy"));
  controller->on_appeared(container(1), BadRecord{"cut short"});
  EXPECT_TRUE(node().has_record(container(1).cgroup));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(ControllerTest, AnIncompleteRecordCountsUntilTheWholeOneComes) {
  start();
  controller->on_appeared(container(1), Record{.incomplete = true, .name = "web"});
  EXPECT_FALSE(node().has_record(container(1).cgroup));
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  controller->on_appeared(container(1), BadRecord{"cut short"});
  controller->on_appeared(container(1), Record{.name = "web", .pod_namespace = "kube-system"});
  EXPECT_TRUE(node().has_record(container(1).cgroup));
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  for (const Event& event : take_events())
    EXPECT_NE(event.severity, Severity::warning) << event.text;
}

TEST_F(ControllerTest, NoDiskYetThenAllAtOnce) {
  DrivenController::start();
  scan({not_mounted});
  scan({not_mounted});
  controller->on_appeared(container(1), named("web"));
  controller->on_appeared(container(2), named("istio-proxy"));
  kubepods_appears();
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(node().status(), HasSubstr("waiting: /data is not mounted"));
  EXPECT_THAT(take_events(), SizeIs(2));  // waiting, once; exempt
  scan({on_partition(nvme0)});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_TRUE(kernel.of(container(2)).unlimited());
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), (Limit{.read_iops = 3000, .write_iops = 3000}));
  EXPECT_THAT(events(Action::limited), SizeIs(1));
}

TEST_F(ControllerTest, AnotherDiskGetsTheRulesAndTheOldOneLosesThem) {
  start();
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  scan({on_partition(nvme1)});
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme0).unlimited());
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
}

TEST_F(ControllerTest, ADiskThatIsGoneTakesItsRulesWithItAndAnotherGetsThemAnew) {
  start();
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  kernel.rules.clear();  // the kernel drops a disk's rules with the disk
  kernel.writes.clear();
  scan({not_mounted}, {{nvme0, ""}});
  controller->on_rescan({{{container(1), NoRecord{}}}, {kubepods}});
  EXPECT_THAT(kernel.writes, IsEmpty()) << "another disk can have the number at any moment";
  EXPECT_THAT(kernel.forgotten, testing::UnorderedElementsAre(RuleKey{container(1).cgroup, nvme0},
                                                              RuleKey{kubepods, nvme0}));
  EXPECT_THAT(events(Action::repaired), IsEmpty());
  controller->on_appeared(container(2), named("web"));
  DataStack back = on_partition(nvme0);
  back.devices[1].identity = "after the hot-plug";
  scan({back});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), symmetric(3000));
  EXPECT_THAT(events(Action::limited), SizeIs(2));
}

TEST_F(ControllerTest, ALoopDeviceWithAnotherFileLosesTheRuleThatTheKernelKept) {
  start();
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  scan({not_mounted}, {{nvme0, "another file"}});
  scan({on_partition(nvme1)});
  EXPECT_TRUE(kernel.of(container(1), nvme0).unlimited());
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
}

TEST_F(ControllerTest, EveryDataMountHasARuleOfItsOwn) {
  Config config;
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.iops = 100, .total_iops = 0}};
  start(CgroupVersion::v2, config);
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme1).unlimited()) << "/logs is missing, /data goes on";
  take_events();
  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  EXPECT_EQ(kernel.of(container(1), nvme1), symmetric(100));
  const auto limited = events(Action::limited);
  ASSERT_THAT(limited, SizeIs(1));
  EXPECT_THAT(limited[0].rules,
              ElementsAre(Rule{nvme0, five_hundred}, Rule{nvme1, symmetric(100)}));
  EXPECT_THAT(limited[0].text,
              HasSubstr("to read 500 IOPS, write 500 IOPS on 259:0; read 100 IOPS, write 100 IOPS "
                        "on 259:5;"));
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), symmetric(3000));
  EXPECT_TRUE(kernel.read({kubepods, nvme1})->unlimited());

  config.more_devices.clear();
  controller->on_config(config, {{{container(1), NoRecord{}}}, {kubepods}});
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme1).unlimited());
  EXPECT_THAT(events(Action::limited), SizeIs(1)) << "said, with what it was";
}

TEST_F(ControllerTest, ADeviceThatTheKernelRefusesDoesNotHoldUpTheOthers) {
  Config config;
  config.more_devices["logs"] = {.mount = "/logs"};
  start(CgroupVersion::v2, config);
  scan({on_partition(nvme1), on_partition(nvme0, "/logs")});
  kernel.refused = nvme1;
  controller->on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  const auto lost = events(Action::limit_failed);
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_THAT(lost[0].text, HasSubstr("not limited: web of pod n/p on 259:5: the kernel refuses"));
}

TEST_F(ControllerTest, EachDevicesTotalIsDividedOnV1) {
  Config config;
  config.total_iops = 600;
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.iops = 100, .total_iops = 0}};
  start(CgroupVersion::v1, config);
  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  controller->on_appeared(container(1), named("web"));
  controller->on_appeared(container(2), named("web"));
  EXPECT_TRUE(work.wants_rebalance());
  rebalance();
  EXPECT_EQ(kernel.of(container(1), nvme0), symmetric(300));
  EXPECT_EQ(kernel.of(container(1), nvme1), symmetric(100));
}

TEST_F(ControllerTest, ARestartWhileTheMountIsMissingTakesNoRuleAway) {
  const RuleKey key{container(1).cgroup, nvme1};
  kernel.rules[key] = five_hundred;
  DrivenController::start({}, {key});
  scan({not_mounted});
  controller->on_rescan({{{container(1), named("web")}}, {}});
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
  scan({on_partition(nvme0)});
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme1).unlimited());
}

TEST_F(ControllerTest, ThrottlingOfADiskBeginsBeforeAnyContainer) {
  start(CgroupVersion::v1);
  kubepods_appears();
  const RuleKey key{kubepods, nvme0};
  EXPECT_THAT(kernel.writes, ElementsAre(key, key));
  EXPECT_TRUE(kernel.rules.empty());
  controller->on_appeared(directory("/prefix/kubepods"), NoRecord{});
  EXPECT_THAT(kernel.writes, SizeIs(2)) << "once for a disk";
}

TEST_F(ControllerTest, KeepsForeignRuleOnKubepods) {
  kernel.rules[{kubepods, nvme0}] = symmetric(70);
  start(CgroupVersion::v1);
  kubepods_appears();
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), symmetric(70));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(ControllerTest, UnmountedKeepsTheRules) {
  start();
  controller->on_appeared(container(1), named("web"));
  scan({not_mounted});
  controller->on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  kernel.writes.clear();
  scan({on_partition(nvme0)});
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(ControllerTest, TotalGoesOnKubepodsOnV2) {
  start();
  kubepods_appears();
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), (Limit{.read_iops = 3000, .write_iops = 3000}));
  for (int i = 0; i < 20; ++i) controller->on_appeared(container(i), named("web"));
  EXPECT_FALSE(work.wants_rebalance());
  EXPECT_EQ(kernel.of(container(19)), five_hundred);
}

TEST_F(ControllerTest, TotalIsDividedOnV1) {
  start(CgroupVersion::v1);
  kubepods_appears();
  EXPECT_TRUE(kernel.rules.empty());
  kernel.writes.clear();
  for (int i = 0; i < 10; ++i) controller->on_appeared(container(i), named("web"));
  controller->on_appeared(container(10), named("istio-proxy"));
  EXPECT_EQ(kernel.of(container(9)).read_iops, 300U) << "limited at once, with its share";
  EXPECT_EQ(kernel.of(container(0)).read_iops, 500U) << "the others follow";
  EXPECT_TRUE(work.wants_rebalance());
  rebalance();
  EXPECT_FALSE(work.wants_rebalance());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(kernel.of(container(i)).write_iops, 300U);
  for (int i = 0; i < 4; ++i) controller->on_vanished(container(i));
  rebalance();
  EXPECT_EQ(kernel.of(container(9)), five_hundred);
}

TEST_F(ControllerTest, DivisionIsSilentAndWritesOnlyDifferences) {
  start(CgroupVersion::v1);
  for (int i = 0; i < 3; ++i) controller->on_appeared(container(i), named("web"));
  rebalance();
  EXPECT_THAT(kernel.writes, SizeIs(3));
  EXPECT_THAT(events(Action::limited), SizeIs(3));
}

TEST_F(ControllerTest, RescanForgetsWhatIsGoneAndFindsWhatIsNew) {
  start();
  controller->on_appeared(container(1), named("a"));
  controller->on_rescan({{{container(2), named("b")}}, {kubepods}});
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_FALSE(node().has_record(container(1).cgroup));
  EXPECT_EQ(kernel.read({kubepods, nvme0})->read_iops, 3000U);
}

TEST_F(ControllerTest, RestoresAndAnnouncesForeignChanges) {
  start();
  kubepods_appears();
  controller->on_appeared(container(1), named("a"));
  take_events();
  kernel.rules[{container(1).cgroup, nvme0}].read_iops = 99999;
  kernel.rules.erase({kubepods, nvme0});
  controller->on_rescan({{{container(1), NoRecord{}}}, {kubepods}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.read({kubepods, nvme0})->write_iops, 3000U);
  const auto repaired = events(Action::repaired);
  ASSERT_THAT(repaired, SizeIs(2));
  EXPECT_THAT(repaired[0].text, HasSubstr("99999"));
}

TEST_F(ControllerTest, RestoresOnlyItsOwnRules) {
  start();
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  controller->on_appeared(container(2), named("istio-proxy"));
  take_events();
  EXPECT_TRUE(node().holds(kubepods) && node().holds(container(1).cgroup));
  EXPECT_FALSE(node().holds(container(2).cgroup) || node().holds("/elsewhere"));
  EXPECT_THAT(node().holders(), testing::UnorderedElementsAre(kubepods, container(1).cgroup));

  kernel.rules.at({container(1).cgroup, nvme0}) = symmetric(9000);
  kernel.rules.erase({kubepods, nvme0});
  kernel.writes.clear();
  controller->on_written(container(2).cgroup);
  controller->on_written("/elsewhere");
  EXPECT_THAT(kernel.writes, IsEmpty());
  controller->on_written(container(1).cgroup);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited()) << "nobody wrote there";
  controller->on_written(kubepods);
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), symmetric(3000));
  const auto announced = events(Action::repaired);
  ASSERT_THAT(announced, SizeIs(2));
  EXPECT_THAT(announced[0].text,
              HasSubstr("to read 9000 IOPS, write 9000 IOPS; restored to read 500"));
  controller->on_written(container(1).cgroup);  // our own write
  EXPECT_THAT(events(Action::repaired), IsEmpty());
}

// The kernel took the first write, which is not read back at once, and holds something else.
TEST_F(ControllerTest, AFirstRuleThatDoesNotHoldIsAnErrorAndNoLimit) {
  start();
  controller->on_appeared(container(1), named("a"));
  controller->on_appeared(container(2), named("b"));
  while (verified.size() < 2) ASSERT_TRUE(work.run_one());
  EXPECT_THAT(verified, testing::UnorderedElementsAre(container(1).cgroup, container(2).cgroup));
  kernel.rules.erase({container(1).cgroup, nvme0});
  kernel.failures[container(1).cgroup] = ControlError::not_held;
  controller->on_written(container(1).cgroup, Reading::first);
  std::vector<std::string> announced;
  for (const Event& one : take_events()) announced.push_back(one.text);
  EXPECT_THAT(announced,
              ElementsAre(HasSubstr("limited: b of"),
                          AllOf(HasSubstr("not limited: a of"), HasSubstr("holds another"))));
  controller->on_written(container(2).cgroup);
  EXPECT_THAT(node().status(), HasSubstr("1 container limited, 0 exempt, 1 NOT limited"));
  kernel.failures.clear();
  controller->on_rescan({{{container(1), NoRecord{}}, {container(2), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(events(Action::limited), SizeIs(1)) << "it holds now";
}

TEST_F(ControllerTest, WhoChangesALimitInALoopIsAnsweredEachTime) {
  start();
  controller->on_appeared(container(1), named("a"));
  take_events();
  const RuleKey key{container(1).cgroup, nvme0};
  kernel.rules.erase(key);
  kernel.failures[key.cgroup] = ControlError::not_held;
  for (int change = 0; change < 2; ++change) controller->on_written(key.cgroup);
  EXPECT_THAT(take_events(),
              ElementsAre(testing::Field(&Event::action, Action::repaired),
                          testing::Field(&Event::text, AllOf(HasSubstr("not limited: a of"),
                                                             HasSubstr(" on 259:0: "))),
                          testing::Field(&Event::action, Action::repaired)))
      << "each counts as a change, the failure is said once";
  EXPECT_THAT(node().status(), HasSubstr("1 NOT limited"));
  controller->on_rescan({{{container(1), named("a")}}, {}});
  EXPECT_THAT(events(Action::limited), IsEmpty()) << "it is not";
  EXPECT_TRUE(node().holds(key.cgroup)) << "it is still watched";
  kernel.failures.clear();
  controller->on_written(key.cgroup);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(node().status(), Not(HasSubstr("NOT limited")));
}

TEST_F(ControllerTest, KeepsRulesOnOtherDevices) {
  start();
  const RuleKey foreign{container(1).cgroup, {8, 0}};
  kernel.rules[foreign] = {.read_iops = 7};
  controller->on_appeared(container(1), named("a"));
  controller->on_rescan({{{container(1), NoRecord{}}}, {}});
  controller->clear();
  EXPECT_EQ(kernel.rules[foreign].read_iops, 7U);
}

TEST_F(ControllerTest, ReloadWritesTheDifferenceAndNothingElse) {
  start();
  controller->on_appeared(container(1), named("a"));
  controller->on_appeared(container(2), named("istio-proxy"));
  take_events();
  kernel.writes.clear();
  Config config;
  const Listing both{{{container(1), named("a")}, {container(2), named("istio-proxy")}}};
  controller->on_config(config, both);
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(events(Action::limited), IsEmpty());
  config.limit.read_iops = 400;
  controller->on_config(config, both);
  EXPECT_THAT(kernel.writes, ElementsAre(RuleKey{container(1).cgroup, nvme0}));
  EXPECT_THAT(events(Action::limited), SizeIs(1));
  config.exclude_keywords = {"a"};
  controller->on_config(config, {{{container(1), NoRecord{}}, {container(2), NoRecord{}}}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(container(2)), config.limit);
}

TEST_F(ControllerTest, ReloadOfTheTotal) {
  start();
  kubepods_appears();
  Config config;
  config.total_iops = 0;
  controller->on_config(config, {{}, {kubepods}});
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
  start(CgroupVersion::v1);
  Listing ten;
  for (int i = 0; i < 10; ++i) ten.containers.push_back({container(i), named("web")});
  controller->on_rescan(ten);
  rebalance();
  controller->on_config(config, ten);
  rebalance();
  EXPECT_EQ(kernel.of(container(5)), five_hundred);
}

TEST_F(ControllerTest, RestartAdoptsItsRulesWithoutAWrite) {
  kernel.rules[{container(1).cgroup, nvme0}] = five_hundred;
  start(CgroupVersion::v2, {}, {{container(1).cgroup, nvme0}});
  controller->on_rescan({{{container(1), named("web")}}, {}});
  EXPECT_THAT(kernel.writes, IsEmpty());
  controller->clear();
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
}

TEST_F(ControllerTest, RestartClearsItsRuleFromWhatIsExemptNow) {
  const RuleKey ours{container(1).cgroup, nvme0};
  const RuleKey foreign{container(2).cgroup, nvme0};
  kernel.rules[ours] = kernel.rules[foreign] = five_hundred;
  start(CgroupVersion::v2, {}, {ours});
  controller->on_rescan(
      {{{container(1), named("istio-proxy")}, {container(2), named("istio-proxy")}}, {}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(container(2)), five_hundred) << "not ours";
}

TEST_F(ControllerTest, RestartForgetsWhatIsGoneAndNeverWritesElsewhere) {
  const std::string elsewhere = "/system.slice/sshd.service";
  kernel.rules[{elsewhere, nvme0}] = five_hundred;
  kernel.failures[container(3).cgroup] = ControlError::cgroup_gone;
  start(CgroupVersion::v2, {}, {{container(3).cgroup, nvme0}, {elsewhere, nvme0}});
  controller->on_rescan({});
  EXPECT_THAT(kernel.forgotten, ElementsAre(RuleKey{container(3).cgroup, nvme0}));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(ControllerTest, UnlistedContainerLosesItsRule) {
  const ContainerPath plain{.cgroup = "/docker/" + container(1).id,
                            .id = container(1).id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  start();
  controller->on_appeared(plain, named("web"));
  EXPECT_EQ(kernel.of(plain), five_hundred);
  controller->on_config({}, {});
  EXPECT_TRUE(kernel.of(plain).unlimited());
  EXPECT_FALSE(node().knows(plain.cgroup));
}

TEST_F(ControllerTest, ContainerNewlyListedByAReloadIsLimited) {
  const ContainerPath plain{.cgroup = "/docker/" + container(1).id,
                            .id = container(1).id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  start();
  controller->on_config({}, {{{plain, named("web")}}});
  EXPECT_EQ(kernel.of(plain), five_hundred);
  EXPECT_THAT(events(Action::limited), SizeIs(1));
}

TEST_F(ControllerTest, IncompleteListingReleasesNothing) {
  kernel.rules[{container(2).cgroup, nvme0}] = five_hundred;
  start(CgroupVersion::v2, {}, {{container(2).cgroup, nvme0}});
  controller->on_appeared(container(1), named("web"));
  Listing part;
  part.whole = false;
  controller->on_rescan(part);
  controller->on_config({}, part);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.of(container(2)), five_hundred) << "of an earlier run";
  EXPECT_TRUE(node().knows(container(1).cgroup));
}

TEST_F(ControllerTest, FailureIsAnnouncedOnceCountedAndRetried) {
  start();
  kernel.failures[container(1).cgroup] = ControlError::device_refused;
  controller->on_appeared(container(1), named("web"));
  controller->on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_THAT(events(Action::limit_failed), SizeIs(1));
  EXPECT_THAT(node().status(), HasSubstr("1 NOT limited"));
  kernel.failures.clear();
  controller->on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(events(Action::limited), SizeIs(1));
}

TEST_F(ControllerTest, GoneCgroupIsNotAnnounced) {
  start();
  kernel.failures[container(1).cgroup] = ControlError::cgroup_gone;
  controller->on_appeared(container(1), named("web"));
  EXPECT_THAT(take_events(), IsEmpty());
}

TEST_F(ControllerTest, MissingControllerIsQueuedForARetry) {
  start();
  kernel.failures[container(1).cgroup] = ControlError::controller_missing;
  controller->on_appeared(container(1), named("web"));
  work.run_retries();
  work.run_retries();
  EXPECT_THAT(retried, ElementsAre(container(1).cgroup));
}

TEST_F(ControllerTest, AControllerThatIsTakenAwayTakesTheLimitAlong) {
  start();
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  take_events();
  for (const std::string& cgroup : {kubepods, container(1).cgroup.str()}) {
    kernel.gone.insert(cgroup);
    kernel.failures[cgroup] = ControlError::controller_missing;
    controller->on_written(cgroup);
  }
  work.run_retries();
  EXPECT_THAT(retried, ElementsAre(kubepods, container(1).cgroup));
  EXPECT_THAT(events(Action::limit_failed), SizeIs(2));
  EXPECT_THAT(node().status(), HasSubstr("1 NOT limited"));
  kernel.gone.clear();
  kernel.failures.clear();
  kernel.rules.clear();
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.read({kubepods, nvme0})->read_iops, 3000U);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(events(Action::limited), SizeIs(1));
}

TEST_F(ControllerTest, KnowsWhatHasAppearedAndNotVanished) {
  start();
  EXPECT_FALSE(node().knows(container(1).cgroup));
  controller->on_appeared(container(1), NoRecord{});
  kubepods_appears();
  EXPECT_TRUE(node().knows(container(1).cgroup));
  EXPECT_TRUE(node().knows(kubepods));
  controller->on_vanished(container(1));
  EXPECT_FALSE(node().knows(container(1).cgroup));
}

TEST_F(ControllerTest, VanishedMayBeAnything) {
  start();
  controller->on_vanished(directory("/kubepods/burstable/podx"));
  controller->on_vanished(directory(""));
  kubepods_appears();
  controller->on_vanished(directory(kubepods));
  EXPECT_THAT(kernel.forgotten, ElementsAre(RuleKey{kubepods, nvme0}));
}

// ---- policies ----

Config with_policy(const std::string& glob_namespace, std::uint64_t iops) {
  Config config;
  config.policies.push_back(
      {"p",
       {.origin = {"/c", 3}, .globs = {{"namespace", glob_namespace}}, .limits = {.iops = iops}}});
  return config;
}

TEST_F(ControllerTest, ReloadChangesExactlyWhoseDecisionChanged) {
  start(CgroupVersion::v2, with_policy("shop", 200));
  Listing listing;
  for (int i = 0; i < 4; ++i) {
    Record record = named("c" + std::to_string(i));
    record.pod_namespace = i < 3 ? "shop" : "other";
    listing.containers.push_back({container(i), record});
  }
  controller->on_rescan(listing);
  take_events();
  kernel.writes.clear();
  controller->on_config(with_policy("shop", 300), listing);
  EXPECT_THAT(kernel.writes, SizeIs(3));
  EXPECT_EQ(kernel.of(container(0)), symmetric(300));
  EXPECT_EQ(kernel.of(container(3)), five_hundred);
  std::vector<Event> announced = take_events();
  ASSERT_THAT(announced, SizeIs(4));
  EXPECT_THAT(announced[0].text, HasSubstr("read 300 IOPS, write 300 IOPS"));
  EXPECT_THAT(announced[0].text,
              HasSubstr("(was read 200 IOPS, write 200 IOPS); [policy p] (/c:3)"));
  EXPECT_EQ(announced[3].text, "configuration reloaded: 3 of 4 containers changed");
}

TEST_F(ControllerTest, ReloadLearnsWhatTheOldConfigurationDidNotAskFor) {
  start();
  controller->on_appeared(container(1), named("web"));
  Config config;
  config.policies.push_back({"p", {.globs = {{"label.app", "db"}}, .limits = {.iops = 900}}});
  Record labelled = named("web");
  labelled.labels = {{"app", "db"}};
  controller->on_config(config, {{{container(1), labelled}}});
  EXPECT_EQ(kernel.of(container(1)), symmetric(900));
  controller->on_config(config, {{{container(1), NoRecord{}}}});
  EXPECT_EQ(kernel.of(container(1)), symmetric(900)) << "a record that is gone takes nothing away";
}

TEST_F(ControllerTest, MalformedAnnotationIsAnnouncedOnceForAPod) {
  start();
  Record record = named("web");
  record.annotations = {{"iopslimit.org/iops", "lots"}};
  const auto warnings = [this] {
    std::vector<std::string> texts;
    for (const Event& event : take_events()) {
      if (event.severity == Severity::warning) texts.push_back(event.text);
    }
    return texts;
  };
  controller->on_appeared(container(1), record);
  controller->on_appeared(container(2), record);
  const auto announced = warnings();
  ASSERT_THAT(announced, SizeIs(1));
  EXPECT_THAT(announced[0], HasSubstr("pod n/p: annotation iopslimit.org/iops is ignored: 'lots'"));
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  controller->on_vanished(container(1));
  controller->on_appeared(container(1), record);
  EXPECT_THAT(warnings(), IsEmpty()) << "restarted in its pod";
  controller->on_vanished(directory(pod_cgroup));
  controller->on_appeared(container(3), record);
  EXPECT_THAT(warnings(), SizeIs(1)) << "another pod of the same uid";
}

TEST_F(ControllerTest, WhatTheSocketTellsLaterChangesTheLimit) {
  Config config;
  config.policies.push_back({"p", {.globs = {{"label.app", "db"}}, .limits = {.iops = 900}}});
  start(CgroupVersion::v2, config);
  Record record = named("web");
  controller->on_appeared(container(1), record);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  record.labels = {{"app", "db"}};
  controller->on_appeared(container(1), record);
  EXPECT_EQ(kernel.of(container(1)), five_hundred) << "a whole record is read once";
  record.from_socket = true;
  controller->on_appeared(container(1), record);
  EXPECT_EQ(kernel.of(container(1)).read_iops, 900U);
  const std::vector<Event> said = events(Action::limited);
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said.back().text, HasSubstr("label.app = db (runtime's socket)"));
}

TEST_F(ControllerTest, AStandaloneContainerHasNoPartInTheDivision) {
  const ContainerPath plain{.cgroup = "/docker/" + container(99).id,
                            .id = container(99).id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  start(CgroupVersion::v1);
  for (int i = 0; i < 10; ++i) controller->on_appeared(container(i), named("web"));
  controller->on_appeared(plain, named("web"));
  rebalance();
  EXPECT_EQ(kernel.of(plain), five_hundred);
  EXPECT_EQ(kernel.of(container(0)).read_iops, 300U);
}

TEST_F(ControllerTest, DivisionStaysRightWhile200ComeAndGo) {
  Config config = with_policy("shop", 5000);  // far above the total
  start(CgroupVersion::v1, config);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) {
      Record record = named("web");
      record.pod_namespace = i % 50 == 0 ? "shop" : "other";
      controller->on_appeared(container(i), record);
    }
    rebalance();
    std::uint64_t sum = 0;
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t share = kernel.of(container(i)).read_iops;
      EXPECT_GE(share, least_iops);
      sum += share;
    }
    EXPECT_LE(sum, 3000U);
    EXPECT_GT(kernel.of(container(0)).read_iops, 4 * kernel.of(container(1)).read_iops);
    for (int i = 0; i < 199; ++i) controller->on_vanished(container(i));
    rebalance();
    EXPECT_EQ(kernel.of(container(199)), five_hundred);
    for (int i = 0; i < 199; ++i) kernel.rules.erase({container(i).cgroup, nvme0});
  }
}

TEST_F(ControllerTest, CrunsLeafIsLimitedBesideItsScopeOnV1) {
  const std::string id = container(1).id;
  const ContainerPath scope{.cgroup = "/machine.slice/libpod-" + id + ".scope",
                            .id = id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::podman,
                            .leaf = ProcessLeaf::possible};
  ContainerPath leaf = scope;
  leaf.cgroup = process_leaf_of(scope);
  leaf.leaf = ProcessLeaf::itself;
  start(CgroupVersion::v1, {.standalone = {.podman = true}});
  controller->on_appeared(scope, named("web"));
  controller->on_appeared(leaf, named("web"));
  EXPECT_EQ(kernel.of(leaf), five_hundred);
  EXPECT_EQ(kernel.of(scope), five_hundred) << "the processes may be in either";
  kernel.writes.clear();
  controller->on_rescan({{{scope, named("web")}, {leaf, named("web")}}});
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(node().status(), HasSubstr("1 container limited"));
  EXPECT_THAT(node().snapshot().containers, SizeIs(1));
  controller->on_config({.standalone = {.podman = true}},
                        {{{scope, named("web")}, {leaf, named("web")}}});
  EXPECT_THAT(events(Action::reloaded).at(0).text, HasSubstr("0 of 1 containers"));
  controller->on_vanished(leaf);
  EXPECT_EQ(kernel.of(scope), five_hundred);
  EXPECT_EQ(node().snapshot().containers.at(0).path, scope);
}

TEST_F(ControllerTest, AScopeAndItsLeafTakeOneShareOfTheTotalOnV1) {
  start(CgroupVersion::v1, {.total_iops = 600});
  ContainerPath scope = container(1);
  scope.leaf = ProcessLeaf::possible;
  ContainerPath leaf = scope;
  leaf.cgroup = process_leaf_of(scope);
  leaf.leaf = ProcessLeaf::itself;
  controller->on_appeared(scope, named("web"));
  controller->on_appeared(leaf, named("web"));
  controller->on_appeared(container(2), named("db"));
  rebalance();
  EXPECT_EQ(kernel.of(leaf), symmetric(300));
  EXPECT_EQ(kernel.of(scope), symmetric(300));
  EXPECT_EQ(kernel.of(container(2)), symmetric(300));
  controller->on_vanished(leaf);
  rebalance();
  EXPECT_EQ(kernel.of(container(2)), symmetric(300)) << "the scope has the share again";
  controller->on_vanished(scope);
  rebalance();
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
}

// ---- another allocator ----

/// Halves every limit, and everything changes whenever somebody comes or goes.
class Halves final : public Allocator {
 public:
  void reset(const Targets& targets) override { targets_ = targets.size(); }
  bool add(const Workload& workload) override { return workload.competes() && ++demands_ > 1; }
  bool remove(const Workload& workload) override { return workload.competes() && --demands_ > 0; }
  Limit allot(std::size_t target, const Workload&, const Limit& configured) const override {
    EXPECT_LT(target, targets_);
    return part_of(configured, 2);
  }
  int demands() const { return demands_; }

 private:
  std::size_t targets_ = 0;
  int demands_ = 0;
};

TEST_F(ControllerTest, KernelHoldsWhatTheAllocatorAllots) {
  auto owned = std::make_unique<Halves>();
  const Halves& halves = *owned;
  start_with(std::move(owned));
  scan({on_partition(nvme0)});
  controller->on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1)), symmetric(250));
  EXPECT_FALSE(work.wants_rebalance());
  controller->on_appeared(container(2), named("db"));
  EXPECT_TRUE(work.wants_rebalance());
  controller->on_appeared(container(3), named("istio-proxy"));
  EXPECT_EQ(halves.demands(), 2) << "who is exempt demands nothing";
  controller->on_vanished(container(1));
  controller->on_vanished(container(2));
  EXPECT_EQ(halves.demands(), 0);
}

// ---- scope = pod ----

Config pod_scope() {
  Config config = with_policy("shop", 200);
  config.scope = LimitScope::pod;
  return config;
}

TEST_F(ControllerTest, APodIsLimitedBeforeAnyContainerOfIt) {
  start(CgroupVersion::v2, pod_scope());
  controller->on_appeared(pod(), NoRecord{});
  EXPECT_EQ(kernel.of(pod()), five_hundred);
  Record sandbox{.sandbox = true, .pod = "p", .pod_namespace = "shop"};
  controller->on_appeared(container(0), sandbox);
  EXPECT_EQ(kernel.of(pod()), symmetric(200)) << "the sandbox tells whose pod it is";
  EXPECT_TRUE(kernel.of(container(0)).unlimited());
  controller->on_appeared(container(1), named("web"));
  controller->on_vanished(container(1));
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(pod()), symmetric(200));
  EXPECT_TRUE(node().knows(container(5).cgroup)) << "by its pod";
  const auto announced = events(Action::limited);
  ASSERT_THAT(announced, SizeIs(1)) << "once, with its name";
  EXPECT_THAT(announced[0].text, HasSubstr("limited: pod shop/p to"));
  EXPECT_EQ(announced[0].container_id, "");
  EXPECT_THAT(node().status(), HasSubstr("1 pod limited"));
  controller->on_vanished(directory(pod_cgroup));
  EXPECT_FALSE(node().knows(pod_cgroup));
}

TEST_F(ControllerTest, APodIsExemptByItsNamesOnly) {
  start(CgroupVersion::v2, pod_scope());
  controller->on_appeared(container(1), named("istio-proxy"));
  EXPECT_EQ(kernel.of(pod()), five_hundred) << "one container does not free the pod";
  kernel.rules.clear();
  start(CgroupVersion::v2, pod_scope());
  Record system = named("dns");
  system.pod_namespace = "kube-system";
  controller->on_appeared(container(1), system);
  EXPECT_TRUE(kernel.of(pod()).unlimited());
}

TEST_F(ControllerTest, WithScopeContainerAPodHasNoRule) {
  start().on_appeared(pod(), NoRecord{});
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(ControllerTest, ChangedScopeLeavesNoGapInLimits) {
  start();
  const Listing listing{{{container(1), named("a")}, {container(2), named("b")}}, {}, {pod()}};
  controller->on_rescan(listing);
  kernel.writes.clear();
  Config config;
  config.scope = LimitScope::pod;
  controller->on_config(config, listing);
  EXPECT_EQ(kernel.of(pod()), five_hundred);
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_TRUE(kernel.of(container(2)).unlimited());
  EXPECT_THAT(kernel.writes,
              ElementsAre(RuleKey{pod_cgroup, nvme0}, RuleKey{container(1).cgroup, nvme0},
                          RuleKey{container(2).cgroup, nvme0}))
      << "the new limit first";
  controller->on_config({}, listing);
  EXPECT_TRUE(kernel.of(pod()).unlimited());
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
}

TEST_F(ControllerTest, EveryRuleInForceIsShownAndThoseThatAreLeftToo) {
  using ListingIndex = std::tuple<std::string, Rule, bool>;
  const auto shown = [this] {
    std::vector<ListingIndex> all;
    node().each_rule([&all](const std::string& cgroup, const Rule& rule, bool total) {
      all.emplace_back(cgroup, rule, total);
    });
    return all;
  };
  const Rule old{nvme0, {.read_iops = 70}};
  kernel.rules[{container(2).cgroup, nvme0}] = old.limit;
  start(CgroupVersion::v2, {}, {{container(2).cgroup, nvme0}, {container(3).cgroup, nvme0}});
  kubepods_appears();
  controller->on_appeared(container(1), named("web"));
  controller->on_appeared(container(4), named("istio-proxy"));
  EXPECT_THAT(shown(), ElementsAre(ListingIndex{kubepods, {nvme0, symmetric(3000)}, true},
                                   ListingIndex{container(1).cgroup, {nvme0, five_hundred}, false},
                                   ListingIndex{container(2).cgroup, old, false}));
  controller->clear();
  EXPECT_THAT(shown(), ElementsAre(ListingIndex{container(2).cgroup, old, false}));
}

TEST_F(ControllerTest, RestartInAnotherScopeClearsTheOldOnes) {
  kernel.rules[{container(1).cgroup, nvme0}] = five_hundred;
  Config config;
  config.scope = LimitScope::pod;
  start(CgroupVersion::v2, config, {{container(1).cgroup, nvme0}});
  controller->on_rescan({{{container(1), named("a")}}, {}, {pod()}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(pod()), five_hundred);
}

}  // namespace
}  // namespace iopslimit::controller_test
