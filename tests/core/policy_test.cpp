// SPDX-License-Identifier: Apache-2.0
#include "core/policy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iopslimit {
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
      {"labels of a sandbox id do not count",
       {.name = "x", .sandbox_id = "pause"},
       {"pause"},
       false},
  };
  for (const SkipRow& row : rows) {
    Config config;
    config.exclude_keywords = row.keywords;
    EXPECT_EQ(excluded_by(config, row.record).has_value(), row.skipped) << row.what;
    const Decision decision = decide(config, &row.record);
    EXPECT_EQ(decision.verdict, row.skipped ? Verdict::exempt : Verdict::limited) << row.what;
    EXPECT_EQ(decision.limit, row.skipped ? Limit{} : config.limit) << row.what;
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

TEST(Policy, SandboxIsNeverLimited) {
  const Record sandbox{.sandbox = true, .pod = "web-1"};
  EXPECT_EQ(decide(Config{}, &sandbox).verdict, Verdict::sandbox);
  EXPECT_TRUE(decide(Config{}, &sandbox).limit.unlimited());
}

TEST(Policy, NoRecordIsLimitedWithTheDefault) {
  const Decision decision = decide(Config{}, nullptr);
  EXPECT_EQ(decision.verdict, Verdict::limited);
  EXPECT_EQ(decision.limit, (Limit{.read_iops = 500, .write_iops = 500}));
}

TEST(Policy, ReasonNamesKeywordAndPlace) {
  const Record record{.name = "x", .image = "istio/proxyv2"};
  Config config;
  config.exclude_keywords = {"proxyv2"};
  EXPECT_EQ(decide(config, &record).reason, "[exclude] keyword 'proxyv2' in image 'istio/proxyv2'");
}

}  // namespace
}  // namespace iopslimit
