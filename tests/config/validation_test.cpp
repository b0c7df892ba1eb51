// SPDX-License-Identifier: Apache-2.0
#include "config/validation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "../support/config_lines.hpp"

namespace iopslimit::validation_test {
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
      // A label's name may end as a limit's does.
      {{{"policy a", "label.iops", "x", 1}}, {"/c", 1}, {"sets no limit"}},
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

TEST(ConfigWhole, PolicyNeedsALimitOrExempt) {
  for (const ConfigEntry& one : {ConfigEntry{{"/c", 2}, "policy a", "write_bps", "1M"},
                                 ConfigEntry{{"/c", 2}, "policy a", "max_iops", "2000"},
                                 ConfigEntry{{"/c", 2}, "policy a", "max_bps", "1G"},
                                 ConfigEntry{{"/c", 2}, "policy a", "exempt", "yes"}}) {
    const auto errors =
        build_config({{{"/c", 1}, "policy a", "label.example.com/bps", "x"}, one}).errors;
    EXPECT_THAT(errors, IsEmpty()) << one.key;
  }
}

TEST(ConfigOnANode, ScopePodNeedsV2) {
  const Config config = parsed({{"limits", "scope", "pod", 7}}).config;
  EXPECT_THAT(check_on(config, capabilities_of(CgroupVersion::v2)), IsEmpty());
  EXPECT_THAT(check_on(Config{}, capabilities_of(CgroupVersion::v1)), IsEmpty());
  const auto refused = check_on(config, capabilities_of(CgroupVersion::v1));
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_THAT(to_string(refused[0]), HasSubstr("/c:7: [limits] scope = pod needs cgroup v2"));
}

}  // namespace
}  // namespace iopslimit::validation_test
