// SPDX-License-Identifier: Apache-2.0
// The limit of a pod while others keep changing that of a container in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/driven_controller.hpp"
#include "support/parsed_path.hpp"
#include "support/stacks.hpp"

namespace iopslimit::pod_rules_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr Devnum disk{259, 0};
const std::string kubepods = "/kubepods";
const std::string pod_cgroup = "/kubepods/burstable/pod00000000-0000-4000-8000-000000000001";
const std::string other_pod = "/kubepods/pod00000000-0000-4000-8000-000000000002";
const RuleKey pod_key{pod_cgroup, disk};

ContainerPath in_pod(char digit, const std::string& pod = pod_cgroup) {
  return *parse_container_path(pod + "/" + std::string(64, digit));
}

Record named(const std::string& name) {
  return {.name = name, .image = "i", .pod = "db-0", .pod_namespace = "shop"};
}

Record sandbox() {
  return {.sandbox = true, .pod = "db-0", .pod_namespace = "shop"};
}

struct PodRulesTest : testing::Test, DrivenController {
  Controller& start(Config config = {}, std::vector<RuleKey> ours = {},
                    CgroupVersion version = CgroupVersion::v2) {
    DrivenController::start(std::move(config), std::move(ours), version);
    controller->on_disks({.mounts = {on_partition(disk)}, .system_mounts = {}});
    take_events();
    return *controller;
  }
  /// The service with one container, whose limit others keep changing.
  void contest(Config config = {}) {
    start(std::move(config)).on_appeared(in_pod('a'), named("db"));
    controller->on_contested({in_pod('a').cgroup});
  }
  Limit of_pod(const std::string& pod = pod_cgroup) { return *kernel.read({pod, disk}); }
  std::vector<std::string> texts() {
    std::vector<std::string> all;
    for (const Event& event : take_events()) all.push_back(event.text);
    return all;
  }
  Listing listing(const std::vector<ContainerPath>& containers) {
    Listing all{.pods = {*parse_pod_path(pod_cgroup)}};
    for (const ContainerPath& one : containers) all.containers.push_back({one, named("db")});
    return all;
  }
};

TEST_F(PodRulesTest, HasWhatItsContainersMayDoTogether) {
  start().on_appeared(in_pod('a'), named("db"));
  controller->on_appeared(in_pod('b'), named("log"));
  controller->on_appeared(in_pod('c', other_pod), named("web"));
  controller->on_contested({});
  EXPECT_EQ(of_pod(), Limit{});
  controller->on_contested({in_pod('a').cgroup});
  EXPECT_EQ(of_pod(), symmetric(1000));
  EXPECT_EQ(of_pod(other_pod), Limit{});
  EXPECT_EQ(kernel.of(in_pod('a')), symmetric(500));
}

TEST_F(PodRulesTest, IsNotedReadBackWatchedAndSaid) {
  contest();
  EXPECT_THAT(kernel.begun, Contains(pod_key)) << "OwnershipLog notes it there";
  while (work.run_one()) {
  }
  EXPECT_THAT(verified, Contains(pod_cgroup));
  EXPECT_THAT(node().holders(), Contains(pod_cgroup));
  EXPECT_TRUE(node().holds(pod_cgroup));
  EXPECT_THAT(node().status(), HasSubstr("1 pod limited as a whole"));
  EXPECT_THAT(node().explain(in_pod('a').cgroup),
              Contains(AllOf(HasSubstr("others keep changing a limit in the pod"),
                             HasSubstr("read 500 IOPS, write 500 IOPS on 259:0"))));
  const std::vector<Event> events = std::exchange(delivered, {});
  const auto& said = events.back();
  EXPECT_EQ(said.action, Action::degraded);
  EXPECT_EQ(said.cgroup, pod_cgroup);
  EXPECT_THAT(said.rules, ElementsAre(Rule{disk, symmetric(500)}));
  EXPECT_THAT(said.text, HasSubstr("limited as a whole: pod shop/db-0 to read 500 IOPS"));
}

TEST_F(PodRulesTest, EndsWhenNobodyChangesALimitAnyMore) {
  contest();
  take_events();
  controller->on_contested({});
  EXPECT_EQ(of_pod(), Limit{});
  EXPECT_EQ(kernel.of(in_pod('a')), symmetric(500));
  EXPECT_THAT(texts(), ElementsAre("no longer limited as a whole: pod shop/db-0"));
  EXPECT_FALSE(node().holds(pod_cgroup));
  EXPECT_THAT(node().status(), Not(HasSubstr("as a whole")));
}

TEST_F(PodRulesTest, FollowsThoseThatComeAndGo) {
  contest();
  controller->on_appeared(in_pod('b'), named("log"));
  EXPECT_EQ(of_pod(), symmetric(1000));
  controller->on_vanished(in_pod('b'));
  EXPECT_EQ(of_pod(), symmetric(500));
  controller->on_appeared(in_pod('b'), named("log"));
  controller->on_vanished(in_pod('a'));
  EXPECT_EQ(of_pod(), Limit{}) << "the one whose limit was changed is gone";
  controller->on_contested({in_pod('b').cgroup});
  EXPECT_EQ(of_pod(), symmetric(500));
  controller->on_vanished(*parse_pod_path(pod_cgroup));
  EXPECT_THAT(kernel.forgotten, Contains(pod_key));
  EXPECT_FALSE(node().holds(pod_cgroup));
}

TEST_F(PodRulesTest, SandboxCountsOnlyIfItsLimitIsTheLarger) {
  contest();
  controller->on_appeared(in_pod('f'), sandbox());
  EXPECT_EQ(of_pod(), symmetric(500)) << "pause does nothing";
  controller->on_vanished(in_pod('a'));
  controller->on_contested({in_pod('f').cgroup});
  EXPECT_EQ(of_pod(), symmetric(500)) << "with gVisor all is in the sandbox";
}

TEST_F(PodRulesTest, HasNoneWhileAContainerOfItIsUnlimited) {
  Config config;
  config.policies = {{"free", {.globs = {{"container", "log"}}, .exempt = true}}};
  contest(config);
  EXPECT_EQ(of_pod(), symmetric(500));
  controller->on_appeared(in_pod('b'), named("log"));
  EXPECT_EQ(of_pod(), Limit{});
  EXPECT_THAT(texts(), Contains(HasSubstr("not limited as a whole: pod shop/db-0")));
  controller->on_vanished(in_pod('b'));
  EXPECT_EQ(of_pod(), symmetric(500));
}

TEST_F(PodRulesTest, LimitsOnlyWhatEveryContainerHasALimitFor) {
  Config config;
  config.limit = {.read_iops = 100, .read_bps = 1000};
  config.policies = {
      {"two", {.globs = {{"container", "log"}}, .limits = {.write_iops = 30, .read_bps = 50}}}};
  contest(config);
  controller->on_appeared(in_pod('b'), named("log"));
  EXPECT_EQ(of_pod(), (Limit{.read_iops = 200, .read_bps = 1050}));
}

TEST_F(PodRulesTest, GivesWayToPausesAndClear) {
  contest();
  Pauses pauses;
  pauses.set(in_pod('a').cgroup, 100);
  controller->on_pauses(pauses);
  EXPECT_EQ(of_pod(), Limit{});
  controller->on_pauses({});
  EXPECT_EQ(of_pod(), symmetric(500));
  controller->clear();
  EXPECT_THAT(kernel.rules, IsEmpty());
  Config config;
  config.limit = symmetric(300);
  controller->on_config(config, listing({in_pod('a')}));
  EXPECT_EQ(of_pod(), symmetric(300));
}

TEST_F(PodRulesTest, LeavesSomebodyElsesRuleAlone) {
  kernel.rules[pod_key] = symmetric(7000);
  contest();
  EXPECT_EQ(of_pod(), symmetric(7000));
  EXPECT_THAT(texts(), Contains(HasSubstr("somebody else has limited the pod")));
  controller->on_contested({});
  EXPECT_EQ(of_pod(), symmetric(7000));
}

TEST_F(PodRulesTest, IsRestoredToo) {
  contest();
  kernel.rules[pod_key] = symmetric(9000);
  controller->on_written(pod_cgroup);
  EXPECT_EQ(of_pod(), symmetric(500));
  kernel.rules.erase(pod_key);
  controller->on_rescan(listing({in_pod('a')}));
  EXPECT_EQ(of_pod(), symmetric(500));
}

TEST_F(PodRulesTest, EndsWithTheCrashOfTheServiceThatWroteIt) {
  kernel.rules[pod_key] = symmetric(500);
  start({}, {pod_key});
  controller->on_rescan(listing({in_pod('a')}));
  EXPECT_EQ(of_pod(), Limit{});
  EXPECT_EQ(kernel.of(in_pod('a')), symmetric(500));
}

TEST_F(PodRulesTest, WherePodsCarryTheLimitsTheyTakeTheRuleOver) {
  contest();
  Config config;
  config.scope = LimitScope::pod;
  controller->on_config(config, listing({in_pod('a')}));
  EXPECT_EQ(of_pod(), symmetric(500));
  EXPECT_EQ(kernel.of(in_pod('a')), Limit{});
  controller->on_contested({});
  EXPECT_EQ(of_pod(), symmetric(500)) << "it is the pod's own now";
}

TEST_F(PodRulesTest, WhereARuleDoesNotHoldBelowThereIsNone) {
  start({}, {}, CgroupVersion::v1).on_appeared(in_pod('a'), named("db"));
  take_events();
  controller->on_contested({in_pod('a').cgroup, kubepods, "/elsewhere"});
  EXPECT_EQ(of_pod(), Limit{});
  EXPECT_THAT(take_events(), IsEmpty());
}

TEST_F(PodRulesTest, ContainerOutsideOfItsPodHasNone) {
  const ContainerPath outside = *parse_container_path(
      "/system.slice/kubepods-burstable-pod00000000_0000_4000_8000_000000000001.slice:"
      "cri-containerd:" +
      std::string(64, 'a'));
  start().on_appeared(outside, named("db"));
  kernel.writes.clear();
  controller->on_contested({outside.cgroup});
  EXPECT_THAT(kernel.writes, IsEmpty());
}

}  // namespace
}  // namespace iopslimit::pod_rules_test
