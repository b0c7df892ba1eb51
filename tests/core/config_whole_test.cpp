// SPDX-License-Identifier: Apache-2.0
#include "core/config_whole.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../support/config_lines.hpp"

namespace iopslimit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ConfigWhole, Contradictions) {
  expect_one_error({
      {{{"limits", "iops", "5", 2}, {"limits", "iops", "6", 9}},
       {"/c", 9},
       {"'iops' is set twice in [limits], first on line 2"}},
      {{{"policy a", "", "", 1},
        {"policy a", "iops", "5", 2},
        {"policy a", "", "", 4},
        {"policy a", "iops", "6", 5}},
       {"/c", 4},
       {"[policy a] is written twice in this file, first on line 1"}},
      {{{"device a", "", "", 1}, {"device a", "mount", "/a", 2}, {"device  a", "", "", 4}},
       {"/c", 4},
       {"[device a] is written twice"}},
      {{{"policy a", "", "", 1}, {"policy a", "namespace", "x", 2}},
       {"/c", 1},
       {"[policy a] sets no limit and does not exempt", "add iops = ... or exempt = yes"}},
      {{{"policy a", "exempt", "no", 1}}, {"/c", 1}, {"sets no limit"}},
      {{{"policy a", "iops", "5", 1}, {"policy a", "exempt", "yes", 2}},
       {"/c", 2},
       {"[policy a] sets exempt = yes and a limit"}},
      {{{"policy a", "iops", "abc", 1}}, {"/c", 1}, {"not a number"}},  // and not "sets no limit"
      {{{"policy a", "exempt", "yes", 1}, {"policy a", "pod", "", 2}}, {"/c", 2}, {"has no value"}},
      {{{"policy a", "exempt", "yes", 1}, {"policy a", "label.", "x", 2}},
       {"/c", 2},
       {"names no label"}},
      {{{"device a", "iops", "5", 3}}, {"/c", 3}, {"[device a] has no mount"}},
      {{{"device a", "mount", "/data/", 3}},
       {"/c", 3},
       {"'/data' is the mount of [device] already"}},
      {{{"device a", "mount", "/a", 3}, {"device b", "mount", "//a", 5}},
       {"/c", 5},
       {"[device b] mount: '/a' is the mount of [device a] already"}},
      {{{"annotations", "max_iops", "100", 2}, {"annotations", "min_iops", "200", 3}},
       {"/c", 3},
       {"min_iops (200) is above max_iops (100)"}},
      {{{"annotations", "max_iops", "20", 2}}, {"/c", 2}, {"min_iops (50) is above max_iops (20)"}},
      {{{"cgroup", "version", "v1", 2}, {"limits", "scope", "pod", 3}},
       {"/c", 3},
       {"[limits] scope = pod needs cgroup v2"}},
      {{{"limits", "scope", "pod", 2},
        {"cgroup", "version", "v1", 0, "environment variable CGROUP_VERSION"}},
       {"environment variable CGROUP_VERSION", 0},
       {"[limits] scope = pod needs cgroup v2"}},
  });
}

struct NoticeRow {
  ConfigLine line;
  std::vector<std::string> words;  // empty: no notice
};

TEST(ConfigNotices, ValuesThatDoNotActSaySo) {
  const NoticeRow rows[] = {
      {{"device", "limit_at", "disk", 2}, {}},
      {{"device", "shared_disk", "warn", 2}, {}},
      {{"device", "shared_disk", "refuse", 2}, {}},
      {{"device", "shared_disk", "allow", 2}, {}},
      {{"limits", "scope", "container", 2}, {}},
      {{"limits", "scope", "pod", 2}, {}},
      {{"limits", "bps", "5M", 2}, {}},
      {{"annotations", "prefix", "other.org", 2}, {}},
      {{"runtime", "type", "containerd", 2}, {}},
      {{"runtime", "type", "docker", 2}, {}},
      {{"runtime", "state", "/run/x", 2}, {}},
      {{"cgroup", "version", "v1", 2}, {}},
      {{"service", "apply", "files", 2}, {}},
      {{"service", "apply", "systemd", 2}, {"[service] apply = systemd", "cgroup files"}},
      {{"service", "on_stop", "clear", 2}, {}},
      {{"service", "dry_run", "yes", 2}, {}},
      {{"service", "metrics", "/run/m.prom", 2}, {}},
      {{"policy db", "iops", "5", 2}, {}},
      {{"device logs", "mount", "/logs", 2}, {}},
  };
  for (const NoticeRow& row : rows) {
    SCOPED_TRACE(row.line.section + " " + row.line.key + " = " + row.line.value);
    const ParsedConfig result = parsed({row.line});
    EXPECT_THAT(result.errors, IsEmpty());
    ASSERT_THAT(result.notices, SizeIs(row.words.empty() ? 0 : 1));
    if (row.words.empty()) continue;
    EXPECT_EQ(result.notices[0].origin, (Origin{"/c", 2}));
    EXPECT_THAT(result.notices[0].text, HasSubstr("is checked but does not act in this version"));
    for (const std::string& word : row.words) {
      EXPECT_THAT(result.notices[0].text, HasSubstr(word));
    }
  }
}

TEST(ConfigNotices, OnlyForTheValueThatCounts) {
  EXPECT_THAT(
      parsed({{"service", "apply", "systemd", 1}, {"service", "apply", "files", 1, "/d"}}).notices,
      IsEmpty());
}

TEST(ConfigOnANode, ScopePodNeedsV2) {
  const Config config = parsed({{"limits", "scope", "pod", 7}}).config;
  EXPECT_THAT(check_on(config, CgroupVersion::v2), IsEmpty());
  EXPECT_THAT(check_on(Config{}, CgroupVersion::v1), IsEmpty());
  const auto refused = check_on(config, CgroupVersion::v1);
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_THAT(to_string(refused[0]), HasSubstr("/c:7: [limits] scope = pod needs cgroup v2"));
}

}  // namespace
}  // namespace iopslimit
