// SPDX-License-Identifier: Apache-2.0
// What a container gets whose record is there and cannot be used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "policy/explanation.hpp"
#include "policy/policy.hpp"
#include "support/parsed_path.hpp"

namespace iopslimit::unusable_record_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string pod = "/kubepods/burstable/pod00000000-0000-4000-8000-000000000001/";
const ContainerPath in_pod = *parse_container_path(pod + std::string(64, 'a'));
const BadRecord bad{"cut short"};

NamedPolicy policy(const std::string& name, std::map<std::string, std::string> globs,
                   LimitKeys limits) {
  return {name, {.origin = {"/c", 3}, .globs = std::move(globs), .limits = limits}};
}

Limit limit_of(const std::vector<NamedPolicy>& policies, const ContainerPath& path = in_pod,
               const RecordAnswer& answer = bad) {
  Config config;
  config.policies = policies;
  const Decision decision = decide(config, path, answer);
  EXPECT_EQ(decision.verdict, Verdict::limited);
  return decision.limits.at(0);
}

TEST(UnusableRecord, GetsTheStrictestOfWhatCouldMatch) {
  EXPECT_EQ(limit_of({}), symmetric(500));
  EXPECT_EQ(limit_of({policy("a", {{"namespace", "shop"}}, {.iops = 900}),
                      policy("b", {{"pod", "db-*"}}, {.iops = 100}),
                      policy("c", {{"image", "x"}}, {.iops = 300})}),
            symmetric(100));
}

TEST(UnusableRecord, EachDirectionAndQuantityCountsForItself) {
  EXPECT_EQ(limit_of({policy("a", {{"container", "a"}}, {.read_iops = 90, .write_iops = 0}),
                      policy("b", {{"container", "b"}}, {.write_iops = 80, .read_bps = 4096})}),
            (Limit{.read_iops = 90, .write_iops = 80, .read_bps = 4096}));
}

TEST(UnusableRecord, WhatIsKnownRulesPoliciesOut) {
  const std::vector<NamedPolicy> by_class{policy("a", {{"qos", "besteffort"}}, {.iops = 9}),
                                          policy("b", {{"qos", "burst*"}}, {.iops = 90})};
  EXPECT_EQ(limit_of(by_class), symmetric(90));
  const ContainerPath plain{.cgroup = "/docker/" + std::string(64, 'a'),
                            .id = std::string(64, 'a'),
                            .qos = QosClass::none,
                            .runtime = RuntimeHint::docker};
  EXPECT_EQ(limit_of(by_class, plain), symmetric(500));
  const std::vector<NamedPolicy> by_pod{policy("a", {{"namespace", "*"}}, {.iops = 9}),
                                        policy("b", {{"image", "*"}}, {.iops = 90})};
  EXPECT_EQ(limit_of(by_pod, plain), symmetric(90)) << "it is in no pod";
  EXPECT_EQ(limit_of(by_pod, *parse_pod_path(pod.substr(0, pod.size() - 1))), symmetric(9))
      << "a pod as a whole has no image";
}

TEST(UnusableRecord, OnlyRuntimesWithLabelsMatchALabel) {
  const std::vector<NamedPolicy> by_label{policy("a", {{"label.team", "x"}}, {.iops = 9})};
  EXPECT_EQ(limit_of(by_label), symmetric(9)) << "it may be docker's";
  EXPECT_EQ(limit_of(by_label, *parse_container_path(pod + "crio-" + std::string(64, 'a'))),
            symmetric(9));
  ContainerPath containerd = in_pod;
  containerd.runtime = RuntimeHint::containerd;
  EXPECT_EQ(limit_of(by_label, containerd), symmetric(9)) << "its socket may tell one";
  Config without;
  without.policies = by_label;
  without.runtime_socket = "no";
  EXPECT_EQ(decide(without, containerd, bad).limits.at(0), symmetric(500));
  ContainerPath podman = in_pod;
  podman.runtime = RuntimeHint::podman;
  EXPECT_EQ(limit_of(by_label, podman), symmetric(500));
}

TEST(UnusableRecord, NothingExempts) {
  std::vector<NamedPolicy> policies{policy("a", {{"qos", "*"}}, {}),
                                    policy("b", {{"pod", "*"}}, {.iops = 70})};
  policies[0].second.exempt = true;
  EXPECT_EQ(limit_of(policies), symmetric(70));
}

TEST(UnusableRecord, EveryDataMountGetsItsOwn) {
  Config config;
  config.more_devices = {{"logs", {.mount = "/logs", .limits = {.iops = 60}}}};
  config.policies = {policy("a", {{"pod", "*"}}, {.read_iops = 80})};
  EXPECT_THAT(decide(config, in_pod, bad).limits,
              ElementsAre(Limit{.read_iops = 80, .write_iops = 500},
                          Limit{.read_iops = 60, .write_iops = 60}));
}

TEST(UnusableRecord, ALateOneGetsTheDefault) {
  EXPECT_EQ(limit_of({policy("b", {{"pod", "*"}}, {.iops = 70})}, in_pod, NoRecord{}),
            symmetric(500));
}

TEST(UnusableRecord, OneThatIsNotReadYetCountsLikeABadOne) {
  EXPECT_EQ(limit_of({policy("b", {{"pod", "*"}}, {.iops = 70})}, in_pod, LargeRecord{}),
            symmetric(70));
}

TEST(UnusableRecord, LabelsOfAnUnusableSandboxMayBeAny) {
  const std::vector<NamedPolicy> policies{policy("a", {{"label.team", "blue"}}, {.iops = 70}),
                                          policy("b", {{"namespace", "lab"}}, {.iops = 60}),
                                          policy("c", {{"namespace", "shop"}}, {.iops = 90})};
  Record record{.incomplete = true, .pod_namespace = "shop"};
  EXPECT_EQ(limit_of(policies, in_pod, record), symmetric(90)) << "late: as if it had none";
  for (const Record::Lack lack : {Record::Lack::unusable, Record::Lack::large}) {
    record.lack = lack;
    EXPECT_EQ(limit_of(policies, in_pod, record), symmetric(70)) << "not 60: that is another's";
  }
  record.name = "istio-proxy";
  EXPECT_EQ(decide(Config{}, in_pod, RecordAnswer(record)).verdict, Verdict::exempt);
}

TEST(UnusableRecord, AMatchBeforeTheUncertainOneIsCertain) {
  const Record record{.incomplete = true, .lack = Record::Lack::unusable, .pod_namespace = "shop"};
  EXPECT_EQ(limit_of({policy("c", {{"namespace", "shop"}}, {.iops = 900}),
                      policy("a", {{"label.team", "blue"}}, {.iops = 70})},
                     in_pod, record),
            symmetric(900));
}

TEST(UnusableRecord, TheReasonAndTheExplanationNameWhatCounts) {
  Config config;
  config.policies = {policy("lax", {{"pod", "a"}}, {.iops = 900}),
                     policy("strict", {{"pod", "b"}}, {.iops = 70}),
                     policy("other", {{"qos", "guaranteed"}}, {.iops = 9})};
  EXPECT_EQ(decide(config, in_pod, bad).reason,
            "the strictest of [limits] (default) and [policy strict] (/c:3); the runtime's record "
            "cannot be used");
  EXPECT_THAT(explain(config, in_pod, bad),
              ElementsAre(HasSubstr("cannot be used: cut short"),
                          HasSubstr("[policy lax] (/c:3): could match"),
                          HasSubstr("[policy strict] (/c:3): could match"),
                          "[policy other] (/c:3): cannot match",
                          HasSubstr("limit on /data: read 70 IOPS, write 70 IOPS (the strictest")));
  EXPECT_EQ(decide(Config{}, in_pod, LargeRecord{}).reason,
            "[limits] (default); the runtime's record is large and not read yet");
}

}  // namespace
}  // namespace iopslimit::unusable_record_test
