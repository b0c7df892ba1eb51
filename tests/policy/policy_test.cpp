// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace iopslimit::policy_test {
namespace {

struct SkipRow {
  const char* what;
  Record record;
  std::vector<std::string> keywords;
  bool skipped;
};

TEST(Policy, ShouldSkip) {
  const SkipRow rows[] = {
      {"nothing matches", {.name = "web", .image = "nginx:1"}, {"pause", "istio-proxy"}, false},
      {"in the image",
       {.name = "p", .image = "docker.io/istio/istio-proxy:1.2"},
       {"istio-proxy"},
       true},
      {"in the container's name", {.name = "istio-proxy", .image = "x"}, {"istio-proxy"}, true},
      {"in the pod's name", {.name = "x", .image = "x", .pod = "psmdb-rs0-1"}, {"psmdb"}, true},
      {"in the namespace", {.name = "x", .pod_namespace = "kube-system"}, {"kube-system"}, true},
      {"in the middle of a name", {.name = "my-pause-thing"}, {"pause"}, true},
      {"whole name", {.name = "pause"}, {"pause"}, true},
      {"longer than the name", {.name = "pau"}, {"pause"}, false},
      {"second keyword", {.name = "web"}, {"db", "web"}, true},
      {"case differs in the keyword", {.name = "pause"}, {"PAUSE"}, false},
      {"case differs in the name", {.image = "Pause"}, {"pause"}, false},
      {"empty keyword", {.name = "web", .image = "nginx"}, {""}, false},
      {"empty keyword beside a good one", {.name = "web"}, {"", "web"}, true},
      {"no keywords", {.name = "pause"}, {}, false},
      {"empty record", {}, {"pause"}, false},
      {"empty record, empty keyword", {}, {""}, false},
      {"not across two names", {.name = "istio", .pod = "proxy"}, {"istio-proxy"}, false},
  };
  for (const SkipRow& row : rows) {
    Config config;
    config.exclude_keywords = row.keywords;
    EXPECT_EQ(excluded_by(config, row.record).has_value(), row.skipped) << row.what;
    const Decision decision = decide(config, {}, &row.record);
    EXPECT_EQ(decision.verdict, row.skipped ? Verdict::exempt : Verdict::limited) << row.what;
    EXPECT_EQ(decision.limits, row.skipped ? std::vector<Limit>{} : std::vector{config.limit})
        << row.what;
  }
}

TEST(Policy, DefaultKeywordsAreTheDesigns) {
  for (const char* name :
       {"pause", "istio-proxy", "psmdb", "kube-system", "koordinator", "apisix"}) {
    EXPECT_TRUE(excluded_by(Config{}, {.name = name})) << name;
  }
  EXPECT_FALSE(excluded_by(Config{}, {.name = "nginx"}));
}

TEST(Policy, NamespacesMatchWhole) {
  Config config;
  config.exclude_namespaces = {"infra"};
  EXPECT_TRUE(excluded_by(config, {.pod_namespace = "infra"}));
  EXPECT_FALSE(excluded_by(config, {.pod_namespace = "infra2"}));
  config.exclude_namespaces = {""};
  EXPECT_FALSE(excluded_by(config, {.name = "x"}));
}

TEST(Policy, SandboxIsLimitedAsItsPod) {
  Record sandbox{.sandbox = true,
                 .name = "istio-proxy",
                 .image = "registry.k8s.io/pause:3.9",
                 .pod = "web-1",
                 .pod_namespace = "shop"};
  EXPECT_EQ(decide(Config{}, {}, &sandbox).verdict, Verdict::sandbox);
  EXPECT_EQ(decide(Config{}, {}, &sandbox).limits.at(0).read_iops, 500U)
      << "its own name and image are the runtime's";
  Config config;
  PolicySection shop;
  shop.globs = {{"namespace", "shop"}};
  shop.limits.iops = 100;
  config.policies = {{"shop", shop}};
  EXPECT_EQ(decide(config, {}, &sandbox).limits.at(0).write_iops, 100U);
  config.policies[0].second.globs = {{"namespace", "shop"}, {"container", "*"}};
  EXPECT_EQ(decide(config, {}, &sandbox).limits.at(0).write_iops, 500U);
  sandbox.annotations = {{"iopslimit.org/iops", "60"}};
  EXPECT_EQ(decide(config, {}, &sandbox).limits.at(0).write_iops, 60U);
  sandbox.pod_namespace = "kube-system";
  EXPECT_EQ(decide(Config{}, {}, &sandbox).verdict, Verdict::sandbox);
  EXPECT_TRUE(decide(Config{}, {}, &sandbox).limits.empty()) << "its pod is exempt";
}

TEST(Policy, NoRecordIsLimitedWithTheDefault) {
  const Decision decision = decide(Config{}, {}, nullptr);
  EXPECT_EQ(decision.verdict, Verdict::limited);
  EXPECT_EQ(decision.limits.at(0), (Limit{.read_iops = 500, .write_iops = 500}));
}

TEST(Policy, ReasonNamesKeywordAndPlace) {
  const Record record{.name = "x", .image = "istio/proxyv2"};
  Config config;
  config.exclude_keywords = {"proxyv2"};
  config.written["[exclude] keywords"] = {"/c", 7};
  EXPECT_EQ(decide(config, {}, &record).reason,
            "[exclude] keywords (/c:7): 'proxyv2' in image 'istio/proxyv2'");
  EXPECT_EQ(decide(Config{}, {}, &record).reason, "[limits] (default)");
}

// ---- [policy] ----

using Globs = std::map<std::string, std::string>;

struct GlobRow {
  const char* what;
  Globs globs;
  bool match;
};

TEST(PolicyGlobs, Table) {
  const Record record{.name = "postgres",
                      .image = "registry.example.org/team/postgres:15",
                      .pod = "db-0",
                      .pod_namespace = "prod-shop",
                      .labels = {{"app", "db"}, {"empty", ""}, {"tier", "back"}}};
  const ContainerPath path{.qos = QosClass::burstable};
  const GlobRow rows[] = {
      {"no glob: all", {}, true},
      {"whole name", {{"namespace", "prod-shop"}}, true},
      {"part of a name", {{"namespace", "prod"}}, false},
      {"star", {{"namespace", "prod-*"}}, true},
      {"question mark", {{"pod", "db-?"}}, true},
      {"set", {{"pod", "db-[0-4]"}}, true},
      {"negated set", {{"pod", "db-[!0-4]"}}, false},
      {"open bracket", {{"pod", "db-[0"}}, false},
      {"case", {{"pod", "DB-0"}}, false},
      {"star crosses slashes", {{"image", "registry.example.org/*"}}, true},
      {"star at both ends", {{"image", "*postgres*"}}, true},
      {"container", {{"container", "postgres"}}, true},
      {"qos", {{"qos", "burst*"}}, true},
      {"another qos", {{"qos", "guaranteed"}}, false},
      {"label", {{"label.app", "db"}}, true},
      {"another label", {{"label.tier", "front"}}, false},
      {"a label that is not there", {{"label.team", "*"}}, false},
      {"an empty label", {{"label.empty", "*"}}, false},
      {"all must match", {{"namespace", "prod-*"}, {"pod", "web-*"}}, false},
      {"all match", {{"namespace", "prod-*"}, {"pod", "db-*"}, {"label.app", "d?"}}, true},
  };
  for (const GlobRow& row : rows)
    EXPECT_EQ(matches({.globs = row.globs}, path, record), row.match) << row.what;
}

TEST(PolicyGlobs, UnknownValueMatchesNothing) {
  for (const char* key : {"namespace", "pod", "container", "image", "label.app", "qos"}) {
    EXPECT_FALSE(matches({.globs = {{key, "*"}}}, {.qos = QosClass::none}, {})) << key;
  }
}

Config with(std::vector<std::pair<std::string, PolicySection>> policies) {
  Config config;
  config.policies = std::move(policies);
  return config;
}

TEST(PolicySections, TheFirstMatchWinsAndTheReasonNamesIt) {
  const Config config = with({
      {"a", {.origin = {"/c", 3}, .globs = {{"namespace", "x"}}, .limits = {.iops = 10}}},
      {"b", {.origin = {"/c", 6}, .globs = {{"namespace", "prod"}}, .limits = {.iops = 20}}},
      {"c", {.origin = {"/c", 9}, .globs = {}, .limits = {.iops = 30}}},
  });
  const Record record{.name = "web", .pod_namespace = "prod"};
  const Decision decision = decide(config, {}, &record);
  EXPECT_EQ(decision.limits.at(0), symmetric(20));
  EXPECT_EQ(decision.reason, "[policy b] (/c:6)");
  const Record other{.name = "web", .pod_namespace = "test"};
  EXPECT_EQ(decide(config, {}, &other).limits.at(0), symmetric(30));
}

TEST(PolicySections, TermsOfSharingAreThoseOfThePolicyElseOfTheMount) {
  Config config;
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.lend = true}};
  const Record web{.name = "web", .pod_namespace = "shop"};
  EXPECT_THAT(decide(config, {}, &web).terms,
              testing::ElementsAre(ShareTerms{}, ShareTerms{.lend = true}));
  config.policies = {{"shop", {.globs = {{"namespace", "shop"}}, .limits = {.weight = 300}}}};
  EXPECT_THAT(
      decide(config, {}, &web).terms,
      testing::ElementsAre(ShareTerms{.weight = 300}, ShareTerms{.lend = true, .weight = 300}));
  EXPECT_TRUE(decide(Config{}, {}, &web).terms.empty()) << "the defaults take no memory";
}

TEST(PolicySections, KeysNotSetAreInherited) {
  Config config = with({{"a", {.limits = {.read_iops = 100}}}});
  config.limit = {.read_iops = 500, .write_iops = 400, .read_bps = 1000};
  const Record record{.name = "web"};
  EXPECT_EQ(decide(config, {}, &record).limits.at(0),
            (Limit{.read_iops = 100, .write_iops = 400, .read_bps = 1000}));
}

TEST(PolicySections, ExemptPolicyAndExcludeBeforeAll) {
  const Config config = with({{"free", {.origin = {"/c", 3}, .exempt = true}}});
  const Record record{.name = "web"};
  const Decision decision = decide(config, {}, &record);
  EXPECT_EQ(decision.verdict, Verdict::exempt);
  EXPECT_EQ(decision.reason, "[policy free] (/c:3)");
  const Record proxy{.name = "istio-proxy"};
  EXPECT_THAT(decide(config, {}, &proxy).reason, testing::StartsWith("[exclude]"));
}

TEST(PolicySections, TheReasonSaysWhereALabelCameFrom) {
  const Config config =
      with({{"gold", {.origin = {"/c", 3}, .globs = {{"label.tier", "g*"}, {"pod", "db"}}}}});
  Record record{.pod = "db", .labels = {{"tier", "gold"}}};
  EXPECT_EQ(decide(config, {}, &record).reason,
            "[policy gold] (/c:3); label.tier = gold (runtime's record)");
  record.from_socket = true;
  EXPECT_EQ(decide(config, {}, &record).reason,
            "[policy gold] (/c:3); label.tier = gold (runtime's socket)");
}

TEST(PolicySections, WithoutARecordNoPolicyApplies) {
  const Config config = with({{"free", {.exempt = true}}});
  EXPECT_EQ(decide(config, {}, nullptr).verdict, Verdict::limited);
}

TEST(PolicySections, AnnotationsComeOnTopAndSayWhatTheyWereClampedBy) {
  Config config = with({{"p", {.origin = {"/c", 3}, .limits = {.iops = 800}}}});
  Record record{.name = "web", .annotations = {{"iopslimit.org/iops", "300"}}};
  Decision decision = decide(config, {}, &record);
  EXPECT_EQ(decision.limits.at(0), symmetric(300));
  EXPECT_EQ(decision.reason,
            "[policy p] (/c:3); annotation iopslimit.org/iops = 300 (runtime's record)");
  config.annotation_max_iops = 2000;
  config.written["[annotations] max_iops"] = {"/c", 9};
  record.annotations = {{"iopslimit.org/read-iops", "9000"}};
  decision = decide(config, {}, &record);
  EXPECT_EQ(decision.limits.at(0), (Limit{.read_iops = 2000, .write_iops = 800}));
  EXPECT_EQ(decision.reason,
            "[policy p] (/c:3); annotation iopslimit.org/read-iops = 9000 (runtime's record), read "
            "IOPS lowered to "
            "2000 by [annotations] max_iops (/c:9)");
}

TEST(PolicySections, AnAnnotationLowersTheCeilingOfAContainerThatBorrows) {
  const Config config = with(
      {{"p", {.origin = {"/c", 3}, .limits = {.iops = 800, .lend = true, .ceiling_iops = 2000}}}});
  Record record{.name = "web", .annotations = {{"iopslimit.org/ceiling-iops", "900"}}};
  Decision decision = decide(config, {}, &record);
  EXPECT_EQ(decision.limits.at(0), symmetric(800));
  EXPECT_EQ(decision.terms.at(0).ceiling_iops, 900U);
  EXPECT_EQ(decision.reason,
            "[policy p] (/c:3); annotation iopslimit.org/ceiling-iops = 900 (runtime's record)");
  record.annotations = {{"iopslimit.org/ceiling-iops", "9000"}};
  decision = decide(config, {}, &record);
  EXPECT_EQ(decision.terms.at(0).ceiling_iops, 2000U);
  EXPECT_EQ(decision.reason,
            "[policy p] (/c:3); annotation iopslimit.org/ceiling-iops = 9000 (runtime's record), "
            "which leaves the "
            "ceiling as it is");
}

TEST(PolicySections, AnExemptContainerCannotAskForALimit) {
  const Config config = with({{"free", {.exempt = true}}});
  const Record record{.name = "web", .annotations = {{"iopslimit.org/iops", "x"}}};
  EXPECT_EQ(decide(config, {}, &record).verdict, Verdict::exempt);
  EXPECT_THAT(decide(config, {}, &record).warnings, testing::IsEmpty());
}

TEST(PolicyRecords, CollectsRequestedLabelsAndAnnotations) {
  const Config config = with({{"a", {.globs = {{"label.app", "x"}, {"pod", "y"}}}},
                              {"b", {.globs = {{"label.app", "z"}, {"label.a.b/c", "z"}}}}});
  EXPECT_THAT(requested_by(config).labels, testing::UnorderedElementsAre("app", "a.b/c"));
  EXPECT_THAT(requested_by(config).annotation_prefixes, testing::ElementsAre("iopslimit.org"));
}

TEST(PolicyRecords, OfAPodOnlyThePodsNamesAreLeft) {
  const RecordAnswer pod = of_pod(Record{
      .sandbox = true, .name = "istio-proxy", .image = "pause", .pod = "p", .pod_namespace = "n"});
  EXPECT_EQ(std::get<Record>(pod), (Record{.pod = "p", .pod_namespace = "n"}));
  EXPECT_EQ(of_pod(NoRecord{}), RecordAnswer(NoRecord{}));
}

// [device logs] has limits of its own, [device cache] those of [limits].
Config with_devices() {
  Config config;
  config.limit = {.read_iops = 500, .write_iops = 400};
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.iops = 100}};
  config.more_devices["cache"] = {.mount = "/cache"};
  config.written["[device logs]"] = {"/c", 8};
  return config;
}

TEST(DecisionOfDevices, EachHasItsLimit) {
  const Record record{.name = "web"};
  const Decision decision = decide(with_devices(), {}, &record);
  const Limit base{.read_iops = 500, .write_iops = 400};
  EXPECT_THAT(decision.limits, testing::ElementsAre(base, base, symmetric(100)));
  EXPECT_EQ(decision.reason, "[limits] (default), for /logs [device logs] (/c:8)");
  EXPECT_EQ(decide(with_devices(), {}, nullptr).limits, decision.limits);
}

TEST(DecisionOfDevices, APolicyCountsForAllOfThem) {
  Config config = with_devices();
  config.policies = {{"p", {.origin = {"/c", 3}, .limits = {.read_iops = 50}}}};
  const Record record{.name = "web"};
  const Decision decision = decide(config, {}, &record);
  const Limit both{.read_iops = 50, .write_iops = 400};
  EXPECT_THAT(decision.limits,
              testing::ElementsAre(both, both, Limit{.read_iops = 50, .write_iops = 100}));
  EXPECT_EQ(decision.reason, "[policy p] (/c:3)");
}

TEST(DecisionOfDevices, APodMayLowerEachAndRaiseNone) {
  const Record record{.name = "web", .annotations = {{"iopslimit.org/iops", "200"}}};
  const Decision decision = decide(with_devices(), {}, &record);
  EXPECT_THAT(decision.limits,
              testing::ElementsAre(symmetric(200), symmetric(200), symmetric(100)));
  EXPECT_THAT(
      decision.reason,
      testing::HasSubstr("iopslimit.org/iops = 200 (runtime's record), read IOPS lowered to "
                         "100"));
}

}  // namespace
}  // namespace iopslimit::policy_test
