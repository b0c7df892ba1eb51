// SPDX-License-Identifier: Apache-2.0
// The daemon driven by plain values, with a sink that remembers.
#include "daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

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

/// The kernel's side: what is in force, what was written, and what fails.
class Kernel final : public LimitSink {
 public:
  std::error_code write(const RulePlace& place, const Limit& limit) override {
    if (const auto failure = failures.find(place.cgroup); failure != failures.end())
      return failure->second;
    writes.push_back(place);
    rules[place] = limit;
    if (limit.unlimited()) rules.erase(place);
    return {};
  }
  std::optional<Limit> read(const RulePlace& place) override {
    const auto found = rules.find(place);
    return found == rules.end() ? Limit{} : found->second;
  }
  void forget(const RulePlace& place) override { forgotten.push_back(place); }

  Limit of(const ContainerPath& container, Devnum device = nvme0) {
    return *read({container.cgroup, device});
  }

  std::map<RulePlace, Limit> rules;
  std::vector<RulePlace> writes;
  std::vector<RulePlace> forgotten;
  std::map<std::string, std::error_code> failures;
};

ContainerPath container(int number) {
  std::string id = std::to_string(number);
  id.insert(0, 64 - id.size(), '0');
  return *parse_container_path("/kubepods/burstable/pod00000000-0000-4000-8000-000000000001/" + id);
}

Record named(const std::string& name) {
  return {.name = name, .image = "i", .pod = "p", .pod_namespace = "n"};
}

DataDevice disk(Devnum rule = nvme0) {
  return {.mount = "/data",
          .file_system = "ext4",
          .volume = "nvme0n1p1",
          .disk = "nvme0n1",
          .rule = rule};
}

struct DaemonTest : testing::Test {
  Kernel kernel;
  std::optional<Daemon> made;

  Daemon& start(CgroupVersion version = CgroupVersion::v2, Config config = {},
                std::vector<RulePlace> ours = {}) {
    made.emplace(kernel, version, std::move(config), std::move(ours));
    made->on_disk(disk());
    made->take_reports();
    return *made;
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
  EXPECT_EQ(limited[0].device, nvme0);
  EXPECT_EQ(limited[0].limit, five_hundred);
}

TEST_F(DaemonTest, ToldTwiceWritesAndSaysItOnce) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("web"));
  daemon.on_appeared(container(1), named("web"));
  EXPECT_THAT(kernel.writes, SizeIs(1));
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
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
  made->on_no_disk("/data is not mounted", Severity::notice);
  made->on_no_disk("/data is not mounted", Severity::notice);
  made->on_appeared(container(1), named("web"));
  made->on_appeared(container(2), named("istio-proxy"));
  made->on_kubepods(kubepods);
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(made->status(), HasSubstr("waiting: /data is not mounted"));
  EXPECT_THAT(made->take_reports(), SizeIs(2));  // waiting, once; exempt
  made->on_disk(disk());
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  EXPECT_TRUE(kernel.of(container(2)).unlimited());
  EXPECT_EQ(*kernel.read({kubepods, nvme0}), (Limit{.read_iops = 3000, .write_iops = 3000}));
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
}

TEST_F(DaemonTest, AnotherDiskGetsTheRulesAndTheOldOneLosesThem) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  daemon.on_appeared(container(1), named("web"));
  daemon.on_disk(disk(nvme1));
  EXPECT_EQ(kernel.of(container(1), nvme1), five_hundred);
  EXPECT_TRUE(kernel.of(container(1), nvme0).unlimited());
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
}

TEST_F(DaemonTest, UnmountedKeepsTheRules) {
  Daemon& daemon = start();
  daemon.on_appeared(container(1), named("web"));
  daemon.on_no_disk("/data is not mounted", Severity::notice);
  daemon.on_rescan({{{container(1), NoRecord{}}}, {}});
  EXPECT_EQ(kernel.of(container(1)), five_hundred);
  kernel.writes.clear();
  daemon.on_disk(disk());
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
  EXPECT_THAT(kernel.writes, IsEmpty());
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
  EXPECT_THAT(kernel.forgotten, ElementsAre(RulePlace{container(1).cgroup, nvme0}));
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
  daemon.on_config(config);
  EXPECT_THAT(kernel.writes, IsEmpty());
  EXPECT_THAT(reports(Action::limited), IsEmpty());
  config.limit.read_iops = 400;
  daemon.on_config(config);
  EXPECT_THAT(kernel.writes, ElementsAre(RulePlace{container(1).cgroup, nvme0}));
  EXPECT_THAT(reports(Action::limited), SizeIs(1));
  config.exclude_keywords = {"a"};
  daemon.on_config(config);
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(container(2)), config.limit);
}

TEST_F(DaemonTest, ReloadOfTheTotal) {
  Daemon& daemon = start();
  daemon.on_kubepods(kubepods);
  Config config;
  config.total_iops = 0;
  daemon.on_config(config);
  EXPECT_TRUE(kernel.read({kubepods, nvme0})->unlimited());
  Daemon& divided = start(CgroupVersion::v1);
  for (int i = 0; i < 10; ++i) divided.on_appeared(container(i), named("web"));
  divided.settle();
  divided.on_config(config);
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
  Daemon& daemon = start(CgroupVersion::v2, {}, {ours, {"/kubepods/gone", nvme0}});
  daemon.on_rescan(
      {{{container(1), named("istio-proxy")}, {container(2), named("istio-proxy")}}, {}});
  EXPECT_TRUE(kernel.of(container(1)).unlimited());
  EXPECT_EQ(kernel.of(container(2)), five_hundred) << "not ours";
  EXPECT_THAT(kernel.forgotten, ElementsAre(RulePlace{"/kubepods/gone", nvme0}));
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

}  // namespace
}  // namespace iopslimit
