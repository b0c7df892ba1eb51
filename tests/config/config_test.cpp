// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "../support/config_lines.hpp"
#include "config/keys.hpp"

namespace iopslimit::config_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// What a good configuration says; fails the test when it is not good.
Config good(const std::vector<ConfigLine>& lines) {
  ParsedConfig result = parsed(lines);
  for (const ConfigMessage& error : result.errors) ADD_FAILURE() << to_string(error);
  return result.config;
}

TEST(ConfigDefaults, NothingWritten) {
  const ParsedConfig result = parsed({});
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_EQ(result.config, Config{});
  EXPECT_EQ(result.config.limit, (Limit{.read_iops = 500, .write_iops = 500}));
  EXPECT_EQ(result.config.total_iops, 3000U);
  EXPECT_EQ(result.config.device.mount, "/data");
  EXPECT_EQ(result.config.check_interval, std::chrono::seconds(30));
}

// The table says of every default what Config says.
TEST(ConfigDefaults, OfTheTableAreThoseOfConfig) {
  std::vector<ConfigLine> lines;
  int line = 0;
  for (const ConfigKey& key : config_keys()) {
    if (key.section.named) continue;
    lines.push_back({std::string(key.section.word), std::string(key.key),
                     std::string(key.default_text), ++line});
  }
  ParsedConfig result = parsed(lines);
  EXPECT_THAT(result.errors, IsEmpty());
  result.config.written.clear();
  EXPECT_EQ(result.config, Config{});
}

TEST(ConfigKeys, EveryKeyArrives) {
  const Config config = good({
      {"device", "mount", "/srv/"},
      {"device", "limit_at", "disk"},
      {"device", "shared_disk", "refuse"},
      {"limits", "iops", "100"},
      {"limits", "write_iops", "50"},
      {"limits", "bps", "10M"},
      {"limits", "read_bps", "1G"},
      {"limits", "total_iops", "900"},
      {"limits", "fair_total", "yes"},
      {"limits", "lend", "yes"},
      {"limits", "ceiling_iops", "700"},
      {"limits", "weight", "300"},
      {"limits", "headroom", "10%"},
      {"limits", "scope", "pod"},
      {"exclude", "keywords", "one, two"},
      {"exclude", "namespaces", "kube-system"},
      {"annotations", "prefix", "a.org, b.org"},
      {"annotations", "min_iops", "20"},
      {"annotations", "max_iops", "40"},
      {"runtime", "type", "crio"},
      {"annotations", "min_bps", "2M"},
      {"annotations", "max_bps", "3M"},
      {"runtime", "standalone", "docker, podman"},
      {"runtime", "containerd_namespace", "moby, k8s.io"},
      {"runtime", "state", "/run/one, /run/two"},
      {"cgroup", "version", "v2"},
      {"service", "apply", "systemd"},
      {"service", "check_interval", "5"},
      {"service", "on_stop", "clear"},
      {"service", "dry_run", "yes"},
      {"service", "metrics", "/run/iops-limitd/iops-limitd.prom"},
      {"service", "features", "/run/features.d/iops"},
      {"advise", "observe", "no"},
      {"advise", "half_life", "7d"},
  });
  EXPECT_EQ(config.device, (DeviceSection{.mount = "/srv",
                                          .limit_at = LimitAt::disk,
                                          .shared_disk = SharedDisk::refuse,
                                          .limits = {}}));
  EXPECT_EQ(
      config.limit,
      (Limit{.read_iops = 100, .write_iops = 50, .read_bps = 1073741824, .write_bps = 10485760}));
  EXPECT_EQ(config.total_iops, 900U);
  EXPECT_EQ(config.sharing, (TotalTerms{.fair_total = true, .headroom = 10}));
  EXPECT_EQ(config.terms, (ShareTerms{.lend = true, .ceiling_iops = 700, .weight = 300}));
  EXPECT_EQ(config.scope, LimitScope::pod);
  EXPECT_THAT(config.exclude_keywords, ElementsAre("one", "two"));
  EXPECT_THAT(config.exclude_namespaces, ElementsAre("kube-system"));
  EXPECT_THAT(config.annotation_prefixes, ElementsAre("a.org", "b.org"));
  EXPECT_EQ(config.annotation_min_bps, 2097152U);
  EXPECT_EQ(config.annotation_max_bps, 3145728U);
  EXPECT_EQ(config.standalone, (Standalone{.docker = true, .podman = true}));
  EXPECT_EQ(config.annotation_min_iops, 20U);
  EXPECT_EQ(config.annotation_max_iops, 40U);
  EXPECT_EQ(config.runtime, RuntimeType::crio);
  EXPECT_THAT(config.containerd_namespaces, ElementsAre("moby", "k8s.io"));
  EXPECT_THAT(config.state_folders, ElementsAre("/run/one", "/run/two"));
  EXPECT_EQ(config.cgroup_version, CgroupVersion::v2);
  EXPECT_EQ(config.apply, Apply::systemd);
  EXPECT_EQ(config.check_interval, std::chrono::seconds(5));
  EXPECT_EQ(config.on_stop, OnStop::clear);
  EXPECT_TRUE(config.dry_run);
  EXPECT_EQ(config.metrics, "/run/iops-limitd/iops-limitd.prom");
  EXPECT_EQ(config.features, "/run/features.d/iops");
  EXPECT_FALSE(config.observe);
  EXPECT_EQ(config.half_life, std::chrono::hours(168));
}

TEST(ConfigSections, DevicesAndPoliciesInTheOrderWritten) {
  const Config config = good({
      {"policy web", "namespace", "prod-*", 1},
      {"policy web", "label.app", "nginx", 2},
      {"policy web", "iops", "900", 3},
      {"policy  a b ", "exempt", "yes", 4},
      {"device logs", "mount", "/logs", 5},
      {"device logs", "total_iops", "50", 6},
      {"policy web", "read_bps", "1M", 1, "/conf.d/x.conf"},  // a later file adds to it
  });
  ASSERT_THAT(config.policies, SizeIs(2));
  EXPECT_EQ(config.policies[0].first, "web");
  EXPECT_EQ(config.policies[0].second,
            (PolicySection{.origin = {"/c", 1},
                           .globs = {{"namespace", "prod-*"}, {"label.app", "nginx"}},
                           .limits = {.iops = 900, .read_bps = 1048576}}));
  EXPECT_EQ(config.policies[1].first, "a b");
  EXPECT_TRUE(config.policies[1].second.exempt);
  EXPECT_THAT(
      config.more_devices,
      ElementsAre(Pair("logs", DeviceSection{.mount = "/logs", .limits = {.total_iops = 50}})));
}

TEST(ConfigSections, ADataMountHasItsOwnKeysAndThoseOfLimitsForTheRest) {
  const Config config = good({{"limits", "iops", "100", 1},
                              {"limits", "write_bps", "5M", 2},
                              {"device", "limit_at", "disk", 3},
                              {"device logs", "mount", "/logs", 5},
                              {"device logs", "read_iops", "70", 6},
                              {"device logs", "shared_disk", "allow", 7},
                              {"device cache", "mount", "/cache", 9},
                              {"device cache", "total_iops", "0", 10}});
  const Limit limit{.read_iops = 100, .write_iops = 100, .write_bps = 5U << 20U};
  EXPECT_THAT(
      config.data_mounts(),
      ElementsAre(DataMount{.section = "[device]",
                            .mount = "/data",
                            .limit_at = LimitAt::disk,
                            .limit = limit,
                            .total_iops = 3000},
                  DataMount{.section = "[device cache]", .mount = "/cache", .limit = limit},
                  DataMount{.section = "[device logs]",
                            .mount = "/logs",
                            .shared_disk = SharedDisk::allow,
                            .limit = {.read_iops = 70, .write_iops = 100, .write_bps = 5U << 20U},
                            .total_iops = 3000}));
  EXPECT_EQ(config.where("[device logs]"), "[device logs] (/c:6)");
  EXPECT_EQ(config.where("[device cache]"), "[device cache] (default)");
}

TEST(ConfigSections, ScopeIsThatOfAllDevices) {
  const ParsedConfig result =
      parsed({{"device logs", "mount", "/logs", 1}, {"device logs", "scope", "pod", 2}});
  ASSERT_THAT(result.errors, SizeIs(1));
  EXPECT_THAT(result.errors[0].text, HasSubstr("'scope' is a key of [limits]"));
}

TEST(ConfigOrder, LaterFilesWinAndTheEnvironmentOverAll) {
  EXPECT_EQ(good({{"limits", "iops", "100", 1, "/c"},
                  {"limits", "iops", "200", 1, "/conf.d/a.conf"},
                  {"limits", "iops", "300", 0, "environment variable CONTAINER_IOPS_LIMIT"}})
                .limit,
            (Limit{.read_iops = 300, .write_iops = 300}));
  EXPECT_THAT(good({{"exclude", "keywords", "a, b", 1, "/c"}, {"exclude", "keywords", "", 2, "/d"}})
                  .exclude_keywords,
              IsEmpty());
}

TEST(ConfigOrder, ASectionMayBeOpenedAgain) {
  EXPECT_EQ(good({{"limits", "", "", 1},
                  {"limits", "iops", "100", 2},
                  {"device", "", "", 3},
                  {"limits", "", "", 4},
                  {"limits", "bps", "4K", 5}})
                .limit,
            (Limit{.read_iops = 100, .write_iops = 100, .read_bps = 4096, .write_bps = 4096}));
}

TEST(ConfigOrigins, WhereTheValueThatCountsWasWritten) {
  const Config config = good({{"limits", "iops", "100", 1, "/c"},
                              {"limits", "total_iops", "0", 2, "/c"},
                              {"exclude", "keywords", "a", 3, "/c"},
                              {"limits", "write_bps", "5M", 4, "/conf.d/a.conf"},
                              {"exclude", "keywords", "b", 0, "environment variable X"}});
  EXPECT_EQ(config.where("[limits]"), "[limits] (/conf.d/a.conf:4)");
  EXPECT_EQ(config.where("[exclude] keywords"), "[exclude] keywords (environment variable X)");
  EXPECT_EQ(config.where("[annotations] max_iops"), "[annotations] max_iops (default)");
  EXPECT_EQ(Config{}.where("[limits]"), "[limits] (default)");
}

TEST(ConfigKeys, SharingIsInheritedByDevicesAndPolicies) {
  const Config config = good({{"limits", "lend", "yes", 1},
                              {"limits", "headroom", "10", 2},
                              {"device logs", "mount", "/logs", 3},
                              {"device logs", "fair_total", "no", 4},
                              {"policy db", "weight", "1", 5}});
  const std::vector<DataMount> mounts = config.data_mounts();
  EXPECT_EQ(mounts[0].sharing, (TotalTerms{.fair_total = true, .headroom = 10}));
  EXPECT_EQ(mounts[1].sharing, (TotalTerms{.fair_total = false, .headroom = 10}));
  EXPECT_EQ(config.policies[0].second.limits.resolved(config.terms),
            (ShareTerms{.lend = true, .weight = 1}));
  EXPECT_EQ(config.where("[limits]"), "[limits] (default)") << "no limit is written";
}

TEST(ConfigErrors, LendNeedsATotalThatIsShared) {
  constexpr const char* needs = "lend = yes needs total_iops, of which to lend";
  expect_one_error({
      {{{"limits", "lend", "yes", 1}, {"limits", "total_iops", "0", 2}}, {"/c", 1}, {needs}},
      {{{"limits", "lend", "yes", 1}, {"limits", "fair_total", "no", 2}}, {"/c", 1}, {needs}},
      {{{"policy a", "lend", "yes", 1}, {"limits", "total_iops", "0", 2}},
       {"/c", 1},
       {"[policy a]", needs}},
      {{{"device logs", "mount", "/logs", 1},
        {"device logs", "lend", "yes", 2},
        {"device logs", "total_iops", "0", 3}},
       {"/c", 2},
       {"[device logs]", needs}},
  });
  good({{"limits", "lend", "no", 1}, {"limits", "total_iops", "0", 2}});
  good({{"limits", "lend", "yes", 1},
        {"limits", "total_iops", "0", 2},
        {"device logs", "mount", "/logs", 3},
        {"device logs", "total_iops", "500", 4}});
}

TEST(ConfigErrors, Values) {
  expect_one_error({
      {{{"limits", "iops", "abc", 3}}, {"/c", 3}, {"[limits] iops: 'abc' is not a number"}},
      {{{"limits", "iops", "-5", 3}}, {"/c", 3}, {"[limits] iops: '-5' is negative"}},
      {{{"limits", "iops", "1", 3}}, {"/c", 3}, {"some kernels refuse 1"}},
      {{{"limits", "iops", "4294967295", 3}}, {"/c", 3}, {"the largest is 4294967294"}},
      {{{"limits", "iops", "", 3}}, {"/c", 3}, {"[limits] iops: has no value"}},
      {{{"limits", "iops", "\"500\"", 3}},
       {"/c", 3},
       {"[limits] iops: write the value without quotes"}},
      {{{"limits", "total_iops", "1", 4}}, {"/c", 4}, {"some kernels refuse 1"}},
      {{{"limits", "bps", "1T", 4}}, {"/c", 4}, {"[limits] bps: '1T'", "K, M, G"}},
      {{{"limits", "write_bps", "17179869184G", 4}}, {"/c", 4}, {"too large"}},
      {{{"limits", "scope", "node", 4}}, {"/c", 4}, {"'node' is not known", "container, pod"}},
      {{{"limits", "weight", "0", 4}}, {"/c", 4}, {"'0' is no weight", "1 to 10000"}},
      {{{"limits", "weight", "10001", 4}}, {"/c", 4}, {"the largest is 10000"}},
      {{{"limits", "headroom", "51%", 4}}, {"/c", 4}, {"the largest is 50"}},
      {{{"limits", "headroom", "%", 4}}, {"/c", 4}, {"has no value"}},
      {{{"limits", "headroom", "5 %", 4}}, {"/c", 4}, {"after the number"}},
      {{{"limits", "ceiling_iops", "1", 4}}, {"/c", 4}, {"some kernels refuse 1"}},
      {{{"policy a", "headroom", "5", 4}}, {"/c", 4}, {"'headroom' in [policy a]"}},
      {{{"device", "mount", "data", 5}},
       {"/c", 5},
       {"[device] mount: 'data' is not an absolute path"}},
      {{{"device", "mount", "/data/../x", 5}}, {"/c", 5}, {"holds '..'"}},
      {{{"device", "mount", "", 5}}, {"/c", 5}, {"[device] mount: has no value"}},
      {{{"device", "limit_at", "dsk", 5}}, {"/c", 5}, {"did you mean 'disk'?"}},
      {{{"device", "shared_disk", "no", 5}}, {"/c", 5}, {"warn, refuse, allow"}},
      {{{"exclude", "keywords", "a b", 6}}, {"/c", 6}, {"commas between the words"}},
      {{{"annotations", "prefix", "a/b", 6}}, {"/c", 6}, {"not an annotation prefix"}},
      {{{"annotations", "min_iops", "1", 6}}, {"/c", 6}, {"some kernels refuse 1"}},
      {{{"runtime", "type", "podman", 7}}, {"/c", 7}, {"auto, containerd, docker, crio"}},
      {{{"runtime", "type", "", 7}}, {"/c", 7}, {"[runtime] type: has no value"}},
      {{{"runtime", "containerd_namespace", "", 7}}, {"/c", 7}, {"has no value"}},
      {{{"runtime", "standalone", "podmann", 7}}, {"/c", 7}, {"did you mean 'podman'?"}},
      {{{"annotations", "min_bps", "4M", 6}, {"annotations", "max_bps", "3M", 7}},
       {"/c", 7},
       {"min_bps (4194304) is above max_bps (3145728)"}},
      {{{"limits", "scope", "pod", 1}, {"policy a", "image", "x", 2}, {"policy a", "iops", "5", 3}},
       {"/c", 2},
       {"[policy a] image: with [limits] scope = pod"}},
      {{{"runtime", "state", "run/x", 7}}, {"/c", 7}, {"not an absolute path"}},
      {{{"cgroup", "version", "v3", 8}}, {"/c", 8}, {"auto, v1, v2"}},
      {{{"service", "apply", "dbus", 8}}, {"/c", 8}, {"auto, files, systemd"}},
      {{{"service", "check_interval", "86401", 8}}, {"/c", 8}, {"the largest is 86400"}},
      {{{"service", "on_stop", "kep", 8}}, {"/c", 8}, {"did you mean 'keep'?"}},
      {{{"service", "dry_run", "perhaps", 8}}, {"/c", 8}, {"yes, no, true, false"}},
      {{{"service", "metrics", "/run/x.txt", 8}}, {"/c", 8}, {"not the name of a .prom file"}},
      {{{"limits", "iops", "x", 0, "environment variable CONTAINER_IOPS_LIMIT"}},
       {"environment variable CONTAINER_IOPS_LIMIT", 0},
       {"[limits] iops: 'x' is not a number"}},
  });
}

TEST(ConfigErrors, UnknownNamesGetAHint) {
  expect_one_error({
      {{{"limits", "iopss", "5", 2}},
       {"/c", 2},
       {"unknown key 'iopss' in [limits]; did you mean 'iops'?"}},
      {{{"limits", "Iops", "5", 2}}, {"/c", 2}, {"did you mean 'iops'?"}},
      {{{"limits", "volume_of_traffic", "5", 2}},
       {"/c", 2},
       {"unknown key", "its keys are: iops, read_iops, write_iops, bps"}},
      {{{"service", "iops", "5", 2}}, {"/c", 2}, {"in [service]; 'iops' is a key of [limits]"}},
      {{{"device", "iops", "5", 2}}, {"/c", 2}, {"in [device]; 'iops' is a key of [limits]"}},
      {{{"limits", "mount", "/data", 2}}, {"/c", 2}, {"'mount' is a key of [device]"}},
      {{{"limits", "label.app", "x", 2}}, {"/c", 2}, {"'label.app' is a key of [policy NAME]"}},
      {{{"exclude", "namespace", "x", 2}},
       {"/c", 2},
       {"did you mean 'namespaces'? ('namespace' is a key of [policy NAME])"}},
      {{{"policy a", "", "", 1},
        {"policy a", "exempt", "yes", 2},
        {"policy a", "total_iops", "5", 3}},
       {"/c", 3},
       {"unknown key 'total_iops' in [policy a]", "a key of [limits]"}},
      {{{"policy a", "nmespace", "x", 2}}, {"/c", 2}, {"did you mean 'namespace'?"}},
      {{{"limts", "", "", 1}, {"limts", "iops", "5", 2}},
       {"/c", 1},
       {"unknown section [limts]; did you mean [limits]?"}},
      {{{"Limits", "iops", "5", 2}}, {"/c", 2}, {"did you mean [limits]?"}},
      {{{"polcy db", "iops", "5", 2}},
       {"/c", 2},
       {"unknown section [polcy db]; did you mean [policy NAME]?"}},
      {{{"network", "", "", 2}},
       {"/c", 2},
       {"the sections are: [device], [limits]", "[policy NAME]"}},
      {{{"limits db", "iops", "5", 2}}, {"/c", 2}, {"[limits db] takes no name; write [limits]"}},
      {{{"policy", "iops", "5", 2}}, {"/c", 2}, {"[policy] has no name; write [policy NAME]"}},
      {{{"", "iops", "5", 2}},
       {"/c", 2},
       {"'iops' stands before the first [section]", "a key of [limits]"}},
      {{{"", "foo", "5", 2}},
       {"/c", 2},
       {"before the first [section]", "the sections are: [device]"}},
  });
}

TEST(ConfigErrors, AllOfThemInOrder) {
  const ParsedConfig result = parsed({{"limits", "iops", "x", 1},
                                      {"nothing", "", "", 2},
                                      {"nothing", "iops", "x", 3},
                                      {"device", "mnt", "x", 4},
                                      {"service", "dry_run", "x", 1, "/d"}});
  std::vector<std::string> places;
  for (const ConfigMessage& error : result.errors) places.push_back(to_string(error.origin));
  EXPECT_THAT(places, ElementsAre("/c:1", "/c:2", "/c:4", "/d:1"));
}

TEST(ConfigMessages, AsAnEditorJumpsToThem) {
  EXPECT_EQ(to_string(ConfigMessage{{"/c", 3}, "what"}), "/c:3: what");
  EXPECT_EQ(to_string(ConfigMessage{{"environment variable X", 0}, "what"}),
            "environment variable X: what");
}

}  // namespace
}  // namespace iopslimit::config_test
