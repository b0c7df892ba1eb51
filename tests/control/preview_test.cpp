// SPDX-License-Identifier: Apache-2.0
// What a preview foretells, against what the controller then does.
#include "control/preview.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/config_lines.hpp"
#include "support/driven_controller.hpp"
#include "support/parsed_path.hpp"
#include "support/stacks.hpp"

namespace iopslimit::preview_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string pod_uid = "00000000-0000-4000-8000-00000000000";

std::string cgroup_of(char digit) {
  return "/kubepods/burstable/pod" + pod_uid + digit + "/" + std::string(64, digit);
}

struct PreviewTest : testing::Test, DrivenController {
  std::map<std::string, Record> records;
  std::vector<MountFacts> mounts{on_partition()};

  DiskFacts facts() const { return {.mounts = mounts, .system_mounts = {}, .identities = {}}; }
  void start(CgroupVersion version, const std::vector<ConfigLine>& lines) {
    kernel.can = capabilities_of(version);
    start_with(std::make_unique<FairShare>(make_allocator(kernel.can)), parsed(lines).config);
    controller->on_disks(facts());
    controller->on_appeared(directory("/kubepods"), NoRecord{});
    for (const auto& [digit, name] :
         {std::pair{'1', "db"}, {'2', "web"}, {'3', "mesh"}, {'4', "pause"}}) {
      records[cgroup_of(digit)] = {.runtime = RuntimeHint::crio,
                                   .sandbox = digit == '4',
                                   .name = name,
                                   .image = "i",
                                   .pod = digit == '4' ? "net-0" : name + std::string("-0"),
                                   .pod_namespace = "shop"};
      const ContainerPath path = *parse_container_path(cgroup_of(digit));
      controller->on_appeared(pod_of(path), NoRecord{});
      controller->on_appeared(path, records[cgroup_of(digit)]);
    }
    rebalance();
  }
  // What a reload lists, as service/discovery does.
  Listing listing(const Config& config) const {
    Listing listing;
    listing.kubepods = {"/kubepods"};
    for (const auto& [cgroup, record] : records) {
      const ContainerPath path = *parse_container_path(cgroup);
      listing.pods.push_back(pod_of(path));
      listing.containers.push_back({path, read(config, path)});
    }
    return listing;
  }
  // Labels only where the configuration needs them.
  RecordAnswer read(const Config& config, const ContainerPath& path) const {
    Record record =
        records.at(path.id.empty() ? path.cgroup + "/" + std::string(64, path.pod_uid.back())
                                   : path.cgroup.str());
    if (!requested_by(config).labels.empty()) record.labels = {{"tier", record.name}};
    return path.id.empty() ? of_pod(record) : RecordAnswer(record);
  }
  PreviewView preview(const Config& next, std::vector<MountFacts> found = {}) {
    if (found.empty()) found = mounts;
    std::vector<ContainerPath> paths;
    for (const auto& one : records) {
      const ContainerPath path = *parse_container_path(one.first);
      paths.push_back(next.scope == LimitScope::pod ? pod_of(path) : path);
    }
    Preview preview(node(), next,
                    {.mounts = std::move(found), .system_mounts = {}, .identities = {}}, paths,
                    [&](const ContainerPath& path) { return read(next, path); });
    PreviewView view;
    while (preview.step(view)) {
    }
    return view;
  }
  static std::map<std::string, std::pair<State, std::vector<Rule>>> shown(
      const Snapshot& snapshot) {
    std::map<std::string, std::pair<State, std::vector<Rule>>> all;
    for (const WorkloadView& one : snapshot.containers)
      all[one.path.cgroup] = {one.state, guarantees_of(one)};
    return all;
  }
};

struct PreviewRow {
  std::vector<ConfigLine> before;
  std::vector<ConfigLine> after;
  std::size_t containers;  // that change
};

const std::vector<PreviewRow>& rows() {
  static const std::vector<PreviewRow> all{
      {{}, {}, 0},
      {{}, {{"limits", "iops", "500", 4}}, 0},
      {{}, {{"limits", "iops", "400"}}, 4},  // the sandbox too
      {{}, {{"limits", "read_bps", "1M"}}, 4},
      {{}, {{"exclude", "keywords", "web"}}, 1},
      {{{"exclude", "keywords", "web"}}, {{"exclude", "keywords", "mesh"}}, 2},
      {{}, {{"policy db", "container", "db"}, {"policy db", "iops", "900"}}, 1},
      {{}, {{"policy db", "label.tier", "db"}, {"policy db", "exempt", "yes"}}, 1},
      {{{"limits", "iops", "900"}},
       {{"limits", "iops", "900"}, {"policy w", "container", "web"}, {"policy w", "iops", "900"}},
       0},
      {{}, {{"limits", "iops", "0"}}, 4},
  };
  return all;
}

void expect_foretold(PreviewTest& test, const PreviewRow& row) {
  const Config next = parsed(row.after).config;
  const PreviewView view = test.preview(next);
  EXPECT_THAT(view.workloads, SizeIs(row.containers));
  auto expected = PreviewTest::shown(test.node().snapshot());
  for (const WorkloadChange& one : view.workloads) {
    if (one.before.seen) {
      EXPECT_EQ(expected[one.cgroup], std::pair(one.before.state, one.before.rules)) << one.name;
    }
    expected[one.cgroup] = {one.after.state, one.after.rules};
    if (!one.after.seen) expected.erase(one.cgroup);
  }
  test.controller->on_config(next, test.listing(next));
  test.controller->on_disks(test.facts());
  test.rebalance();
  EXPECT_EQ(PreviewTest::shown(test.node().snapshot()), expected);
  EXPECT_TRUE(test.preview(next).empty()) << "nothing is left to change";
}

TEST_F(PreviewTest, ForetellsWhatAReloadDoes) {
  for (const CgroupVersion version : {CgroupVersion::v2, CgroupVersion::v1}) {
    for (const PreviewRow& row : rows()) {
      SCOPED_TRACE(row.after.empty() ? "nothing"
                                     : row.after.back().key + " " + row.after.back().value);
      SCOPED_TRACE(version == CgroupVersion::v1 ? "v1" : "v2");
      start(version, row.before);
      expect_foretold(*this, row);
    }
  }
}

TEST_F(PreviewTest, DividesATotalThatTheKernelCannotHold) {
  const ConfigLine fixed{"limits", "fair_total", "no"};
  start(CgroupVersion::v1, {fixed});
  expect_foretold(*this, {{}, {fixed, {"limits", "total_iops", "900"}}, 4});
  EXPECT_EQ(kernel.of(*parse_container_path(cgroup_of('1'))).read_iops, 300U);
}

TEST_F(PreviewTest, OfPodsAsAWhole) {
  start(CgroupVersion::v2, {});
  expect_foretold(*this, {{}, {{"limits", "scope", "pod"}}, 8});
  expect_foretold(*this, {{}, {{"limits", "scope", "pod"}, {"limits", "iops", "300"}}, 4});
}

TEST_F(PreviewTest, SaysWhichKeyAndWhy) {
  start(CgroupVersion::v2, {});
  const PreviewView view = preview(
      parsed({{"policy db", "container", "db", 2}, {"policy db", "iops", "900", 3}}).config);
  ASSERT_THAT(view.keys, SizeIs(2));
  EXPECT_EQ(view.keys[1], (KeyChange{"[policy db]", "iops", {}, "900", "/c:3"}));
  ASSERT_THAT(view.workloads, SizeIs(1));
  EXPECT_EQ(view.workloads[0].name, "db");
  EXPECT_EQ(view.workloads[0].pod, "db-0");
  EXPECT_THAT(view.workloads[0].after.reason, HasSubstr("[policy db] (/c:2)"));
}

TEST_F(PreviewTest, TermsOfSharing) {
  const ConfigLine share{"limits", "fair_total", "yes"};
  start(CgroupVersion::v2, {share});
  const PreviewView view = preview(parsed({share,
                                           {"policy db", "container", "db"},
                                           {"policy db", "lend", "yes"},
                                           {"policy db", "ceiling_iops", "2000"},
                                           {"policy db", "weight", "300"}})
                                       .config);
  ASSERT_THAT(view.workloads, SizeIs(1));
  EXPECT_EQ(view.workloads[0].before.sharing, "");
  EXPECT_EQ(view.workloads[0].after.sharing, "lend, ceiling 2000 IOPS, weight 300");
  EXPECT_EQ(view.workloads[0].before.rules, view.workloads[0].after.rules);
}

TEST_F(PreviewTest, RulesStayWhileTheNewMountIsAway) {
  start(CgroupVersion::v2, {});
  const Config next = parsed({{"device", "mount", "/dta"}}).config;
  const PreviewView view = preview(next, {NotMounted{"/dta is not mounted"}});
  EXPECT_THAT(view.workloads, IsEmpty()) << "as with a reload";
  ASSERT_THAT(view.devices, SizeIs(1));
  EXPECT_EQ(view.devices[0].before.mount, "/data");
  EXPECT_EQ(view.devices[0].after.mount, "/dta");
  EXPECT_EQ(view.devices[0].after.state, DeviceState::waiting);
}

TEST_F(PreviewTest, ADeviceMore) {
  start(CgroupVersion::v2, {});
  const Config next =
      parsed({{"device logs", "mount", "/logs"}, {"device logs", "iops", "70"}}).config;
  const PreviewView view = preview(next, {on_partition(), on_partition({259, 5}, "/logs")});
  ASSERT_THAT(view.devices, SizeIs(1));
  EXPECT_EQ(view.devices[0].name, "logs");
  EXPECT_EQ(view.devices[0].before.mount, "");
  ASSERT_THAT(view.workloads, SizeIs(4));
  EXPECT_THAT(view.workloads[0].after.rules,
              ElementsAre(Rule{{259, 0}, symmetric(500)}, Rule{{259, 5}, symmetric(70)}));
}

TEST_F(PreviewTest, WhatIsClearedComesBack) {
  start(CgroupVersion::v2, {});
  controller->clear();
  const PreviewView view = preview({});
  ASSERT_THAT(view.notes, SizeIs(1));
  ASSERT_THAT(view.workloads, SizeIs(4));
  EXPECT_THAT(view.workloads[0].before.rules, IsEmpty());
  EXPECT_THAT(view.workloads[0].after.rules, SizeIs(1));
}

TEST_F(PreviewTest, AFailureOrAPauseIsNoDifference) {
  start(CgroupVersion::v2, {});
  Pauses pauses;
  pauses.set(cgroup_of('1'), 77);
  controller->on_pauses(pauses);
  kernel.failures[cgroup_of('2')] = ControlError::not_held;
  Config next = parsed({{"limits", "iops", "501"}}).config;
  controller->on_config(next, listing(next));
  EXPECT_TRUE(preview(next).empty());
}

TEST_F(PreviewTest, ALargeRecordIsReadToItsEnd) {
  start(CgroupVersion::v2, {});
  const Config next = parsed({{"exclude", "keywords", "db"}}).config;
  int pieces = 0;
  Preview preview(node(), next, facts(), {*parse_container_path(cgroup_of('1'))},
                  [&](const ContainerPath& path) -> RecordAnswer {
                    if (++pieces < 9) return LargeRecord{};
                    return read(next, path);
                  });
  PreviewView view;
  while (preview.step(view)) {
  }
  EXPECT_EQ(pieces, 9);
  ASSERT_THAT(view.workloads, SizeIs(1));
  EXPECT_EQ(view.workloads[0].after.state, State::exempt);
}

TEST_F(PreviewTest, WhoComesOrGoesMeanwhileIsNoDifference) {
  start(CgroupVersion::v2, {});
  std::vector<ContainerPath> paths;
  for (const auto& one : records) paths.push_back(*parse_container_path(one.first));
  Preview preview(node(), {}, facts(), paths,
                  [&](const ContainerPath& path) { return read({}, path); });
  PreviewView view;
  EXPECT_TRUE(preview.step(view));
  controller->on_vanished(*parse_container_path(cgroup_of('1')));
  records[cgroup_of('5')] = records[cgroup_of('2')];
  controller->on_appeared(*parse_container_path(cgroup_of('5')), records[cgroup_of('5')]);
  while (preview.step(view)) {
  }
  EXPECT_TRUE(view.empty());
}

}  // namespace
}  // namespace iopslimit::preview_test
