// SPDX-License-Identifier: Apache-2.0
// The daemon driven by plain values, with a sink that remembers.
#include "control/controller.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "support/remembering_sink.hpp"
#include "support/stacks.hpp"

namespace iopslimit {
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

struct DaemonTest : testing::Test {
  RememberingSink kernel;
  std::optional<Daemon> made;

  Daemon& start(CgroupVersion version = CgroupVersion::v2, Config config = {},
                std::vector<RulePlace> ours = {}) {
    made.emplace(kernel, version, std::move(config), std::move(ours));
    look({on_partition(nvme0)});
    made->take_reports();
    return *made;
  }
  /// A look at the disks; `identities` are those of devices that are not what they were.
  void look(std::vector<MountFacts> mounts, std::map<Devnum, std::string> identities = {}) {
    DiskFacts facts{.mounts = std::move(mounts), .places = {}, .identities = std::move(identities)};
    for (const Target& target : made->targets())
      facts.identities.try_emplace(target.device.devnum, target.device.identity);
    made->on_disks(facts);
  }
  std::vector<Report> reports(Action action) {
    std::vector<Report> of_kind;
    for (Report& report : made->take_reports()) {
      if (report.action == action) of_kind.push_back(std::move(report));
    }
    return of_kind;
  }
};

TEST_F(DaemonTest, AContainerIsLimitedWhenItAppears) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  const auto limited = reports(Action::limited);
  ASSERT_THAT(limited, SizeIs(1));
  EXPECT_EQ(limited[0].container_name, "web");
  EXPECT_EQ(limited[0].container_id, container(1).id);
  EXPECT_EQ(limited[0].pod_uid, "00000000-0000-4000-8000-000000000001");
  EXPECT_THAT(limited[0].rules, ElementsAre(Rule{nvme0, five_hundred}));
}

TEST_F(DaemonTest, ToldTwiceWritesAndSaysItOnce) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("web"));
  daemon.on_appeared(container(1), named("web"));
  EXPECT_THAT(kernel.writes, SizeIs(1));
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
}

TEST_F(DaemonTest, ALineSaysWhatWasWhenItCameToBe) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), NoRecord{});
  daemon.on_appeared(container(2), named("db"));
  Config other;
  other.limit = each_way(300);
  daemon.on_config(other, {.containers = {{container(1), NoRecord{}}, {container(2), NoRecord{}}}});
  daemon.on_vanished(container(2).cgroup);
  std::vector<std::string> texts;
  for (const Report& line : reports(Action::limited)) texts.push_back(line.text);
  ASSERT_THAT(texts, SizeIs(4));
  EXPECT_THAT(texts[0], HasSubstr("read 500 IOPS"));
  EXPECT_THAT(texts[1], AllOf(HasSubstr("db"), HasSubstr("read 500 IOPS")));
  EXPECT_THAT(texts[2], HasSubstr("read 300 IOPS"));
  EXPECT_THAT(texts[3], AllOf(HasSubstr("db"), HasSubstr("read 300 IOPS")));
  EXPECT_THAT(daemon.take_reports(), IsEmpty());
}

TEST_F(DaemonTest, SandboxesGetNothingAndNoLine) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), Record{.sandbox = true, .pod = "p"});
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(daemon.take_reports(), IsEmpty());
}

TEST_F(DaemonTest, KeywordsExempt) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("istio-proxy"));
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(reports(Action::exempted), SizeIs(1));
}

TEST_F(DaemonTest, LateRecordCorrectsTheDefault) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), NoRecord{});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
  EXPECT_FALSE(daemon.has_record(container(1).cgroup));
  daemon.on_appeared(container(1), named("istio-proxy"));
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_TRUE(daemon.has_record(container(1).cgroup));
  EXPECT_THAT(reports(Action::exempted), SizeIs(1));
}

TEST_F(DaemonTest, BadRecordIsSaidOnceAndLimited) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), BadRecord{"cut short"});
  daemon.on_appeared(container(1), BadRecord{"cut short"});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  std::size_t said = 0;
  for (const Report& report : daemon.take_reports()) {
    if (report.severity == Severity::warning) ++said;
  }
  EXPECT_EQ(said, 1U);
}

TEST_F(DaemonTest, ReportsCanBeTakenOneByOneInTheirOrder) {
  Daemon& daemon = start();
  const auto next = [&daemon] {
    const std::vector<Report> taken = daemon.take_reports(1);
    return taken.size() == 1 ? taken[0].text : std::to_string(taken.size()) + " lines";
  };
  daemon.on_appeared(container(1), named("one"));
  daemon.on_appeared(container(2), named("two"));
  EXPECT_THAT(next(), HasSubstr("limited: one"));
  daemon.on_appeared(container(3), BadRecord{"cut short"});
  EXPECT_THAT(next(), HasSubstr("limited: two"));
  EXPECT_THAT(next(), HasSubstr("cut short"));
  EXPECT_THAT(next(), HasSubstr("limited: "));
  EXPECT_EQ(next(), "0 lines");
}

TEST_F(DaemonTest, ARecordThatTurnsBadLosesNothing) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("istio-proxy"));
  daemon.on_appeared(container(1), BadRecord{"cut short"});
  EXPECT_TRUE(daemon.has_record(container(1).cgroup));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(DaemonTest, AnIncompleteRecordCountsUntilTheWholeOneComes) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), Record{.incomplete = true, .name = "web"});
  EXPECT_FALSE(daemon.has_record(container(1).cgroup));
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  daemon.on_appeared(container(1), BadRecord{"cut short"});
  daemon.on_appeared(container(1), Record{.name = "web", .pod_namespace = "kube-system"});
  EXPECT_TRUE(daemon.has_record(container(1).cgroup));
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  for (const Report& report : daemon.take_reports())
    EXPECT_NE(report.severity, Severity::warning) << report.text;
}

TEST_F(DaemonTest, NoDiskYetThenAllAtOnce) {
  made.emplace(kernel, CgroupVersion::v2, Config{}, std::vector<RulePlace>{});
  look({not_mounted});
  look({not_mounted});
  made->on_appeared(container(1), named("web"));
  made->on_appeared(container(2), named("istio-proxy"));
  made->on_kubepods(kubepods);
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(made->status(), HasSubstr("waiting: /data is not mounted"));
  EXPECT_THAT(made->take_reports(), SizeIs(2));  // waiting, once; exempt
  look({on_partition(nvme0)});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_TRUE(kernel.of(container(2)).unlimited());
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), (Limit{.read_iops = 3000, .write_iops = 3000}));
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
}

TEST_F(DaemonTest, AnotherDiskGetsTheRulesAndTheOldOneLosesThem) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  look({on_partition(nvme1)});
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme0).unlimited());
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
}

TEST_F(DaemonTest, ADiskThatIsGoneTakesItsRulesWithItAndAnotherGetsThemAnew) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  kernel.rules.clear();  // the kernel drops a disk's rules with the disk
  kernel.writes.clear();
  look({not_mounted}, {{nvme0, ""}});
  daemon.on_rescan({{{container(1), NoRecord{}}}, {kubepods}});
  EXPECT_THAT(kernel.writes, IsEmpty()) << "another disk can have the number at any moment";
  EXPECT_THAT(kernel.forgotten, testing::UnorderedElementsAre(RulePlace{container(1).cgroup, nvme0},
                                                              RulePlace{kubepods, nvme0}));
  EXPECT_THAT(reports(Action::repaired), IsEmpty());
  daemon.on_appeared(container(2), named("web"));
  DataStack back = on_partition(nvme0);
  back.devices[1].identity = "after the hot-plug";
  look({back});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), each_way(3000));
  EXPECT_THAT(reports(Action::limited), SizeIs(2));
}

TEST_F(DaemonTest, ALoopDeviceWithAnotherFileLosesTheRuleThatTheKernelKept) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  look({not_mounted}, {{nvme0, "another file"}});
  look({on_partition(nvme1)});
  EXPECT_TRUE(kernel.of(container(1), nvme0).unlimited());
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
}

TEST_F(DaemonTest, EveryDataMountHasARuleOfItsOwn) {
  Config config;
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.iops = 100, .total_iops = 0}};
  Daemon& daemon = start(CgroupVersion::v2, config);
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme1).unlimited()) << "/logs is missing, /data goes on";
  made->take_reports();
  look({on_partition(nvme0), on_partition(nvme1, "/logs")});
  EXPECT_EQ(kernel.of(container(1), nvme1), each_way(100));
  const auto limited = reports(Action::limited);
  ASSERT_THAT(limited, SizeIs(1));
  EXPECT_THAT(limited[0].rules, ElementsAre(Rule{nvme0, five_hundred}, Rule{nvme1, each_way(100)}));
  EXPECT_THAT(limited[0].text,
              HasSubstr("to read 500 IOPS, write 500 IOPS on 259:0; read 100 IOPS, write 100 IOPS "
                        "on 259:5;"));
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), each_way(3000));
  EXPECT_TRUE(kernel.read({kubepods, nvme1})->unlimited());

  config.more_devices.clear();
  daemon.on_config(config, {{{container(1), NoRecord{}}}, {kubepods}});
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme1).unlimited());
  EXPECT_THAT(reports(Action::limited), SizeIs(1)) << "said, with what it was";
}

TEST_F(DaemonTest, ADeviceThatTheKernelRefusesDoesNotHoldUpTheOthers) {
  Config config;
  config.more_devices["logs"] = {.mount = "/logs"};
  Daemon& daemon = start(CgroupVersion::v2, config);
  look({on_partition(nvme1), on_partition(nvme0, "/logs")});
  kernel.refused = nvme1;
  daemon.on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  const auto lost = reports(Action::lost);
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_THAT(lost[0].text, HasSubstr("not limited: web of pod n/p on 259:5: the kernel refuses"));
}

TEST_F(DaemonTest, EachDevicesTotalIsDividedOnV1) {
  Config config;
  config.total_iops = 600;
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.iops = 100, .total_iops = 0}};
  Daemon& daemon = start(CgroupVersion::v1, config);
  look({on_partition(nvme0), on_partition(nvme1, "/logs")});
  daemon.on_appeared(container(1), named("web"));
  daemon.on_appeared(container(2), named("web"));
  EXPECT_TRUE(daemon.unsettled());
  daemon.settle();
  EXPECT_EQ(kernel.of(container(1), nvme0), each_way(300));
  EXPECT_EQ(kernel.of(container(1), nvme1), each_way(100));
}

TEST_F(DaemonTest, ARestartWhileTheMountIsMissingTakesNoRuleAway) {
  const RulePlace place{container(1).cgroup, nvme1};
  kernel.rules[place] = five_hundred;
  made.emplace(kernel, CgroupVersion::v2, Config{}, std::vector{place});
  look({not_mounted});
  made->on_rescan({{{container(1), named("web")}}, {}});
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
  look({on_partition(nvme0)});
  EXPECT_EQ(kernel.of(container(1), nvme0), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme1).unlimited());
}

TEST_F(DaemonTest, ThrottlingOfADiskBeginsBeforeAnyContainer) {
  start(CgroupVersion::v1).on_kubepods(kubepods);
  const RulePlace place{kubepods, nvme0};
  EXPECT_THAT(kernel.writes, ElementsAre(place, place));
  EXPECT_TRUE(kernel.rules.empty());
  made->on_kubepods("/prefix/kubepods");
  EXPECT_THAT(kernel.writes, SizeIs(2)) << "once for a disk";
}

TEST_F(DaemonTest, SomebodyElsesRuleOnKubepodsStays) {
  kernel.rules[{kubepods, nvme0}] = each_way(70);
  start(CgroupVersion::v1).on_kubepods(kubepods);
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), each_way(70));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(DaemonTest, UnmountedKeepsTheRules) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("web"));
  look({not_mounted});
  daemon.on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  kernel.writes.clear();
  look({on_partition(nvme0)});
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(DaemonTest, TotalGoesOnKubepodsOnV2) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), (Limit{.read_iops = 3000, .write_iops = 3000}));
  for (int i = 0; i < 20; ++i) daemon.on_appeared(container(i), named("web"));
  EXPECT_FALSE(daemon.unsettled());
  EXPECT_EQ(kernel.of(container(19)), five_hundred);
}

TEST_F(DaemonTest, TotalIsDividedOnV1) {
  Daemon& daemon = start(CgroupVersion::v1);
  daemon.on_kubepods(kubepods);
  EXPECT_TRUE(kernel.rules.empty());
  kernel.writes.clear();
  for (int i = 0; i < 10; ++i) daemon.on_appeared(container(i), named("web"));
  daemon.on_appeared(container(10), named("istio-proxy"));
  EXPECT_EQ(kernel.of(container(9)).read_iops, 300U) << "limited at once, with its share";
  EXPECT_EQ(kernel.of(container(0)).read_iops, 500U) << "the others follow";
  EXPECT_TRUE(daemon.unsettled());
  daemon.settle();
  EXPECT_FALSE(daemon.unsettled());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(kernel.of(container(i)).write_iops, 300U);
  for (int i = 0; i < 4; ++i) daemon.on_vanished(container(i).cgroup);
  daemon.settle();
  EXPECT_EQ(kernel.of(container(9)), five_hundred);
}

TEST_F(DaemonTest, DivisionIsSilentAndWritesOnlyDifferences) {
  Daemon& daemon = start(CgroupVersion::v1);
  for (int i = 0; i < 3; ++i) daemon.on_appeared(container(i), named("web"));
  daemon.settle();
  EXPECT_THAT(kernel.writes, SizeIs(3));
  EXPECT_THAT(reports(Action::limited), SizeIs(3));
}

TEST_F(DaemonTest, RescanForgetsWhatIsGoneAndFindsWhatIsNew) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("a"));
  daemon.on_rescan({{{container(2), named("b")}}, {kubepods}});
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_FALSE(daemon.has_record(container(1).cgroup));
  EXPECT_EQ(kernel.read({kubepods, nvme0})->read_iops, 3000U);
}

TEST_F(DaemonTest, SomebodyElsesChangeIsPutBackAndSaid) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("a"));
  daemon.take_reports();
  kernel.rules[{container(1).cgroup, nvme0}].read_iops = 99999;
  kernel.rules.erase({kubepods, nvme0});
  daemon.on_rescan({{{container(1), NoRecord{}}}, {kubepods}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.read({kubepods, nvme0})->write_iops, 3000U);
  const auto repaired = reports(Action::repaired);
  ASSERT_THAT(repaired, SizeIs(2));
  EXPECT_THAT(repaired[0].text, HasSubstr("99999"));
}

TEST_F(DaemonTest, WhatIsWrittenIsPutRightWhereItIsOurs) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  daemon.on_appeared(container(2), named("istio-proxy"));
  made->take_reports();
  EXPECT_TRUE(daemon.holds(kubepods) && daemon.holds(container(1).cgroup));
  EXPECT_FALSE(daemon.holds(container(2).cgroup) || daemon.holds("/elsewhere"));
  EXPECT_THAT(daemon.holders(), testing::UnorderedElementsAre(kubepods, container(1).cgroup));

  kernel.rules.at({container(1).cgroup, nvme0}) = each_way(9000);
  kernel.rules.erase({kubepods, nvme0});
  kernel.writes.clear();
  daemon.on_written(container(2).cgroup);
  daemon.on_written("/elsewhere");
  EXPECT_THAT(kernel.writes, IsEmpty());
  daemon.on_written(container(1).cgroup);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited()) << "nobody wrote there";
  daemon.on_written(kubepods);
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), each_way(3000));
  const auto said = reports(Action::repaired);
  ASSERT_THAT(said, SizeIs(2));
  EXPECT_THAT(said[0].text, HasSubstr("to read 9000 IOPS, write 9000 IOPS; put back to read 500"));
  daemon.on_written(container(1).cgroup);  // our own write
  EXPECT_THAT(reports(Action::repaired), IsEmpty());
}

// The kernel took the first write, which is not read back at once, and holds something else.
TEST_F(DaemonTest, AFirstRuleThatDoesNotHoldIsAnErrorAndNoLimit) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("a"));
  daemon.on_appeared(container(2), named("b"));
  EXPECT_EQ(daemon.take_begun(), container(1).cgroup);
  kernel.rules.erase({container(1).cgroup, nvme0});
  kernel.failures[container(1).cgroup] = SinkError::not_held;
  daemon.on_written(container(1).cgroup);
  std::vector<std::string> said;
  for (const Report& one : daemon.take_reports()) said.push_back(one.text);
  EXPECT_THAT(said,
              ElementsAre(HasSubstr("limited: b of"),
                          AllOf(HasSubstr("not limited: a of"), HasSubstr("reads back another"))));
  daemon.on_written(daemon.take_begun());
  EXPECT_EQ(daemon.take_begun(), "");
  EXPECT_THAT(daemon.status(), HasSubstr("1 container limited, 0 exempt, 1 NOT limited"));
  kernel.failures.clear();
  daemon.on_rescan({{{container(1), NoRecord{}}, {container(2), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(reports(Action::limited), SizeIs(1)) << "it holds now";
}

TEST_F(DaemonTest, RulesOnOtherDevicesAreNotTouched) {
  Daemon& daemon = start();
  const RulePlace foreign{container(1).cgroup, {8, 0}};
  kernel.rules[foreign] = {.read_iops = 7};
  daemon.on_appeared(container(1), named("a"));
  daemon.on_rescan({{{container(1), NoRecord{}}}, {}});
  daemon.clear();
  EXPECT_EQ(kernel.rules[foreign].read_iops, 7U);
}

TEST_F(DaemonTest, ReloadWritesTheDifferenceAndNothingElse) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("a"));
  daemon.on_appeared(container(2), named("istio-proxy"));
  daemon.take_reports();
  kernel.writes.clear();
  Config config;
  const Listing both{{{container(1), named("a")}, {container(2), named("istio-proxy")}}};
  daemon.on_config(config, both);
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(reports(Action::limited), IsEmpty());
  config.limit.read_iops = 400;
  daemon.on_config(config, both);
  EXPECT_THAT(kernel.writes, ElementsAre(RulePlace{container(1).cgroup, nvme0}));
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
  config.exclude_keywords = {"a"};
  daemon.on_config(config, {{{container(1), NoRecord{}}, {container(2), NoRecord{}}}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(container(2)), config.limit);
}

TEST_F(DaemonTest, ReloadOfTheTotal) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  Config config;
  config.total_iops = 0;
  daemon.on_config(config, {{}, {kubepods}});
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
  Daemon& divided = start(CgroupVersion::v1);
  Listing ten;
  for (int i = 0; i < 10; ++i) ten.containers.push_back({container(i), named("web")});
  divided.on_rescan(ten);
  divided.settle();
  divided.on_config(config, ten);
  divided.settle();
  EXPECT_EQ(kernel.of(container(5)), five_hundred);
}

TEST_F(DaemonTest, RestartAdoptsItsRulesWithoutAWrite) {
  kernel.rules[{container(1).cgroup, nvme0}] = five_hundred;
  Daemon& daemon = start(CgroupVersion::v2, {}, {{container(1).cgroup, nvme0}});
  daemon.on_rescan({{{container(1), named("web")}}, {}});
  EXPECT_THAT(kernel.writes, IsEmpty());
  daemon.clear();
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
}

TEST_F(DaemonTest, RestartClearsItsRuleFromWhatIsExemptNow) {
  const RulePlace ours{container(1).cgroup, nvme0};
  const RulePlace foreign{container(2).cgroup, nvme0};
  kernel.rules[ours] = kernel.rules[foreign] = five_hundred;
  Daemon& daemon = start(CgroupVersion::v2, {}, {ours});
  daemon.on_rescan(
      {{{container(1), named("istio-proxy")}, {container(2), named("istio-proxy")}}, {}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(container(2)), five_hundred) << "not ours";
}

TEST_F(DaemonTest, RestartForgetsWhatIsGoneAndNeverWritesElsewhere) {
  const std::string elsewhere = "/system.slice/sshd.service";
  kernel.rules[{elsewhere, nvme0}] = five_hundred;
  kernel.failures[container(3).cgroup] = SinkError::cgroup_gone;
  Daemon& daemon = start(CgroupVersion::v2, {}, {{container(3).cgroup, nvme0}, {elsewhere, nvme0}});
  daemon.on_rescan({});
  EXPECT_THAT(kernel.forgotten, ElementsAre(RulePlace{container(3).cgroup, nvme0}));
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(DaemonTest, WhatIsNoLongerListedLosesItsRule) {
  const ContainerPath plain{.cgroup = "/docker/" + container(1).id,
                            .id = container(1).id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  Daemon& daemon = start();
  daemon.on_appeared(plain, named("web"));
  EXPECT_EQ(kernel.of(plain), five_hundred);
  daemon.on_config({}, {});
  EXPECT_TRUE(kernel.of(plain).unlimited());
  EXPECT_FALSE(daemon.knows(plain.cgroup));
}

TEST_F(DaemonTest, WhatIsListedForTheFirstTimeByAReloadIsLimited) {
  const ContainerPath plain{.cgroup = "/docker/" + container(1).id,
                            .id = container(1).id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  Daemon& daemon = start();
  daemon.on_config({}, {{{plain, named("web")}}});
  EXPECT_EQ(kernel.of(plain), five_hundred);
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
}

TEST_F(DaemonTest, WhatAnIncompleteListingDoesNotShowKeepsItsLimit) {
  kernel.rules[{container(2).cgroup, nvme0}] = five_hundred;
  Daemon& daemon = start(CgroupVersion::v2, {}, {{container(2).cgroup, nvme0}});
  daemon.on_appeared(container(1), named("web"));
  Listing part;
  part.whole = false;
  daemon.on_rescan(part);
  daemon.on_config({}, part);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.of(container(2)), five_hundred) << "of an earlier run";
  EXPECT_TRUE(daemon.knows(container(1).cgroup));
}

TEST_F(DaemonTest, FailureIsSaidOnceCountedAndRetried) {
  Daemon& daemon = start();
  kernel.failures[container(1).cgroup] = SinkError::device_refused;
  daemon.on_appeared(container(1), named("web"));
  daemon.on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_THAT(reports(Action::lost), SizeIs(1));
  EXPECT_THAT(daemon.status(), HasSubstr("1 NOT limited"));
  kernel.failures.clear();
  daemon.on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
}

TEST_F(DaemonTest, AGoneCgroupIsNoNews) {
  Daemon& daemon = start();
  kernel.failures[container(1).cgroup] = SinkError::cgroup_gone;
  daemon.on_appeared(container(1), named("web"));
  EXPECT_THAT(daemon.take_reports(), IsEmpty());
}

TEST_F(DaemonTest, AMissingControllerIsHandedOut) {
  Daemon& daemon = start();
  kernel.failures[container(1).cgroup] = SinkError::controller_missing;
  daemon.on_appeared(container(1), named("web"));
  EXPECT_THAT(daemon.take_controller_missing(), ElementsAre(container(1).cgroup));
  EXPECT_THAT(daemon.take_controller_missing(), IsEmpty());
}

TEST_F(DaemonTest, AControllerThatIsTakenAwayTakesTheLimitAlong) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  daemon.take_reports();
  for (const std::string& cgroup : {kubepods, container(1).cgroup}) {
    kernel.gone.insert(cgroup);
    kernel.failures[cgroup] = SinkError::controller_missing;
    daemon.on_written(cgroup);
  }
  EXPECT_THAT(daemon.take_controller_missing(), ElementsAre(kubepods, container(1).cgroup));
  EXPECT_THAT(reports(Action::lost), SizeIs(2));
  EXPECT_THAT(daemon.status(), HasSubstr("1 NOT limited"));
  kernel.gone.clear();
  kernel.failures.clear();
  kernel.rules.clear();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  EXPECT_EQ(kernel.read({kubepods, nvme0})->read_iops, 3000U);
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
}

TEST_F(DaemonTest, KnowsWhatHasAppearedAndNotVanished) {
  Daemon& daemon = start();
  EXPECT_FALSE(daemon.knows(container(1).cgroup));
  daemon.on_appeared(container(1), NoRecord{});
  daemon.on_kubepods(kubepods);
  EXPECT_TRUE(daemon.knows(container(1).cgroup));
  EXPECT_TRUE(daemon.knows(kubepods));
  daemon.on_vanished(container(1).cgroup);
  EXPECT_FALSE(daemon.knows(container(1).cgroup));
}

TEST_F(DaemonTest, VanishedMayBeAnything) {
  Daemon& daemon = start();
  daemon.on_vanished("/kubepods/burstable/podx");
  daemon.on_vanished("");
  daemon.on_kubepods(kubepods);
  daemon.on_vanished(kubepods);
  EXPECT_THAT(kernel.forgotten, ElementsAre(RulePlace{kubepods, nvme0}));
}

// ---- policies ----

Config with_policy(const std::string& glob_namespace, std::uint64_t iops) {
  Config config;
  config.policies.push_back(
      {"p",
       {.origin = {"/c", 3}, .globs = {{"namespace", glob_namespace}}, .limits = {.iops = iops}}});
  return config;
}

TEST_F(DaemonTest, ReloadChangesExactlyWhoseDecisionChanged) {
  Daemon& daemon = start(CgroupVersion::v2, with_policy("shop", 200));
  Listing listing;
  for (int i = 0; i < 4; ++i) {
    Record record = named("c" + std::to_string(i));
    record.pod_namespace = i < 3 ? "shop" : "other";
    listing.containers.push_back({container(i), record});
  }
  daemon.on_rescan(listing);
  daemon.take_reports();
  kernel.writes.clear();
  daemon.on_config(with_policy("shop", 300), listing);
  EXPECT_THAT(kernel.writes, SizeIs(3));
  EXPECT_EQ(kernel.of(container(0)), each_way(300));
  EXPECT_EQ(kernel.of(container(3)), five_hundred);
  std::vector<Report> said = daemon.take_reports();
  ASSERT_THAT(said, SizeIs(4));
  EXPECT_THAT(said[0].text, HasSubstr("read 300 IOPS, write 300 IOPS"));
  EXPECT_THAT(said[0].text, HasSubstr("(was read 200 IOPS, write 200 IOPS); [policy p] (/c:3)"));
  EXPECT_EQ(said[3].text, "configuration reloaded: 3 of 4 containers changed");
}

TEST_F(DaemonTest, ReloadLearnsWhatTheOldConfigurationDidNotAskFor) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("web"));
  Config config;
  config.policies.push_back({"p", {.globs = {{"label.app", "db"}}, .limits = {.iops = 900}}});
  Record labelled = named("web");
  labelled.labels = {{"app", "db"}};
  daemon.on_config(config, {{{container(1), labelled}}});
  EXPECT_EQ(kernel.of(container(1)), each_way(900));
  daemon.on_config(config, {{{container(1), NoRecord{}}}});
  EXPECT_EQ(kernel.of(container(1)), each_way(900)) << "a record that is gone takes nothing away";
}

TEST_F(DaemonTest, AMalformedAnnotationIsSaidOnceForAPod) {
  Daemon& daemon = start();
  Record record = named("web");
  record.annotations = {{"iopslimit.org/iops", "lots"}};
  const auto complaints = [&daemon] {
    std::vector<std::string> texts;
    for (const Report& report : daemon.take_reports()) {
      if (report.severity == Severity::warning) texts.push_back(report.text);
    }
    return texts;
  };
  daemon.on_appeared(container(1), record);
  daemon.on_appeared(container(2), record);
  const auto said = complaints();
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0], HasSubstr("pod n/p: annotation iopslimit.org/iops is ignored: 'lots'"));
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  daemon.on_vanished(container(1).cgroup);
  daemon.on_appeared(container(1), record);
  EXPECT_THAT(complaints(), IsEmpty()) << "restarted in its pod";
  daemon.on_vanished(pod_cgroup);
  daemon.on_appeared(container(3), record);
  EXPECT_THAT(complaints(), SizeIs(1)) << "another pod of the same uid";
}

TEST_F(DaemonTest, LabelPoliciesThatContainerdCannotFollowAreSaidOnce) {
  Config config;
  config.policies.push_back({"p", {.globs = {{"label.app", "db"}}, .limits = {.iops = 900}}});
  Daemon& daemon = start(CgroupVersion::v2, config);
  Record record = named("web");
  record.runtime = RuntimeHint::containerd;
  daemon.on_appeared(container(1), record);
  daemon.on_appeared(container(2), record);
  std::size_t said = 0;
  for (const Report& report : daemon.take_reports()) said += report.severity == Severity::warning;
  EXPECT_EQ(said, 1U);
}

TEST_F(DaemonTest, AStandaloneContainerHasNoPartInTheDivision) {
  const ContainerPath plain{.cgroup = "/docker/" + container(99).id,
                            .id = container(99).id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  Daemon& daemon = start(CgroupVersion::v1);
  for (int i = 0; i < 10; ++i) daemon.on_appeared(container(i), named("web"));
  daemon.on_appeared(plain, named("web"));
  daemon.settle();
  EXPECT_EQ(kernel.of(plain), five_hundred);
  EXPECT_EQ(kernel.of(container(0)).read_iops, 300U);
}

TEST_F(DaemonTest, DivisionStaysRightWhile200ComeAndGo) {
  Config config = with_policy("shop", 5000);  // far above the total
  Daemon& daemon = start(CgroupVersion::v1, config);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) {
      Record record = named("web");
      record.pod_namespace = i % 50 == 0 ? "shop" : "other";
      daemon.on_appeared(container(i), record);
    }
    daemon.settle();
    std::uint64_t sum = 0;
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t share = kernel.of(container(i)).read_iops;
      EXPECT_GE(share, Budget::least_iops);
      sum += share;
    }
    EXPECT_LE(sum, 3000U);
    EXPECT_GT(kernel.of(container(0)).read_iops, 4 * kernel.of(container(1)).read_iops);
    for (int i = 0; i < 199; ++i) daemon.on_vanished(container(i).cgroup);
    daemon.settle();
    EXPECT_EQ(kernel.of(container(199)), five_hundred);
    for (int i = 0; i < 199; ++i) kernel.rules.erase({container(i).cgroup, nvme0});
  }
}

TEST_F(DaemonTest, CrunsLeafTakesTheScopesPlaceOnV1) {
  const std::string id = container(1).id;
  const ContainerPath scope{.cgroup = "/machine.slice/libpod-" + id + ".scope",
                            .id = id,
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::podman};
  ContainerPath leaf = scope;
  leaf.cgroup = process_leaf_of(scope);
  Daemon& daemon = start(CgroupVersion::v1, {.standalone = {.podman = true}});
  daemon.on_appeared(scope, named("web"));
  daemon.on_appeared(leaf, named("web"));
  EXPECT_EQ(kernel.of(leaf), five_hundred);
  EXPECT_TRUE(kernel.of(scope).unlimited());
  kernel.writes.clear();
  daemon.on_rescan({{{scope, named("web")}, {leaf, named("web")}}});
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(daemon.status(), HasSubstr("1 container limited"));
}

// ---- scope = pod ----

Config pod_scope() {
  Config config = with_policy("shop", 200);
  config.scope = LimitScope::pod;
  return config;
}

TEST_F(DaemonTest, APodIsLimitedBeforeAnyContainerOfIt) {
  Daemon& daemon = start(CgroupVersion::v2, pod_scope());
  daemon.on_pod(pod());
  EXPECT_EQ(kernel.of(pod()), five_hundred);
  Record sandbox{.sandbox = true, .pod = "p", .pod_namespace = "shop"};
  daemon.on_appeared(container(0), sandbox);
  EXPECT_EQ(kernel.of(pod()), each_way(200)) << "the sandbox tells whose pod it is";
  EXPECT_TRUE(kernel.of(container(0)).unlimited());
  daemon.on_appeared(container(1), named("web"));
  daemon.on_vanished(container(1).cgroup);
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(pod()), each_way(200));
  EXPECT_TRUE(daemon.knows(container(5).cgroup)) << "by its pod";
  const auto said = reports(Action::limited);
  ASSERT_THAT(said, SizeIs(1)) << "once, with its name";
  EXPECT_THAT(said[0].text, HasSubstr("limited: pod shop/p to"));
  EXPECT_EQ(said[0].container_id, "");
  EXPECT_THAT(daemon.status(), HasSubstr("1 pod limited"));
  daemon.on_vanished(pod_cgroup);
  EXPECT_FALSE(daemon.knows(pod_cgroup));
}

TEST_F(DaemonTest, APodIsExemptByItsNamesOnly) {
  Daemon& daemon = start(CgroupVersion::v2, pod_scope());
  daemon.on_appeared(container(1), named("istio-proxy"));
  EXPECT_EQ(kernel.of(pod()), five_hundred) << "one container does not free the pod";
  kernel.rules.clear();
  Daemon& other = start(CgroupVersion::v2, pod_scope());
  Record system = named("dns");
  system.pod_namespace = "kube-system";
  other.on_appeared(container(1), system);
  EXPECT_TRUE(kernel.of(pod()).unlimited());
}

TEST_F(DaemonTest, WithScopeContainerAPodHasNoRule) {
  start().on_pod(pod());
  EXPECT_THAT(kernel.writes, IsEmpty());
}

TEST_F(DaemonTest, ChangingTheScopeLeavesNobodyWithoutALimit) {
  Daemon& daemon = start();
  const Listing listing{{{container(1), named("a")}, {container(2), named("b")}}, {}, {pod()}};
  daemon.on_rescan(listing);
  kernel.writes.clear();
  Config config;
  config.scope = LimitScope::pod;
  daemon.on_config(config, listing);
  EXPECT_EQ(kernel.of(pod()), five_hundred);
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_TRUE(kernel.of(container(2)).unlimited());
  EXPECT_THAT(kernel.writes,
              ElementsAre(RulePlace{pod_cgroup, nvme0}, RulePlace{container(1).cgroup, nvme0},
                          RulePlace{container(2).cgroup, nvme0}))
      << "the new limit first";
  daemon.on_config({}, listing);
  EXPECT_TRUE(kernel.of(pod()).unlimited());
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_EQ(kernel.of(container(2)), five_hundred);
}

TEST_F(DaemonTest, EveryRuleInForceIsShownAndThoseThatAreLeftToo) {
  using Shown = std::tuple<std::string, Rule, bool>;
  const auto shown = [](const Daemon& daemon) {
    std::vector<Shown> all;
    daemon.each_rule([&all](const std::string& cgroup, const Rule& rule, bool total) {
      all.emplace_back(cgroup, rule, total);
    });
    return all;
  };
  const Rule old{nvme0, {.read_iops = 70}};
  kernel.rules[{container(2).cgroup, nvme0}] = old.limit;
  Daemon& daemon =
      start(CgroupVersion::v2, {}, {{container(2).cgroup, nvme0}, {container(3).cgroup, nvme0}});
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  daemon.on_appeared(container(4), named("istio-proxy"));
  EXPECT_THAT(shown(daemon), ElementsAre(Shown{kubepods, {nvme0, each_way(3000)}, true},
                                         Shown{container(1).cgroup, {nvme0, five_hundred}, false},
                                         Shown{container(2).cgroup, old, false}));
  daemon.clear();
  EXPECT_THAT(shown(daemon), ElementsAre(Shown{container(2).cgroup, old, false}));
}

TEST_F(DaemonTest, RestartInAnotherScopeClearsTheOldOnes) {
  kernel.rules[{container(1).cgroup, nvme0}] = five_hundred;
  Config config;
  config.scope = LimitScope::pod;
  Daemon& daemon = start(CgroupVersion::v2, config, {{container(1).cgroup, nvme0}});
  daemon.on_rescan({{{container(1), named("a")}}, {}, {pod()}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(pod()), five_hundred);
}

}  // namespace
}  // namespace iopslimit
