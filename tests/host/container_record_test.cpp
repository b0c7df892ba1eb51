// SPDX-License-Identifier: Apache-2.0
#include "host/container_record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "host/record_watch.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

using testing::HasSubstr;

const std::string id(64, 'c');
const std::string task = "/io.containerd.runtime.v2.task/k8s.io/";
const std::string good = R"({"annotations":{"io.kubernetes.cri.container-name":"web"}})";

struct ContainerRecordTest : testing::Test {
  TempTree tree;
  ContainerRecord records{{tree.root()}, "k8s.io"};
  ContainerPath container = *parse_container_path("/kubepods/pod0a/" + id);

  std::string bad_record() {
    const RecordAnswer answer = records.read(container);
    const auto* bad = std::get_if<BadRecord>(&answer);
    return bad != nullptr ? bad->why : "not bad";
  }
};

TEST_F(ContainerRecordTest, ReadsTheBundle) {
  tree.file(task + id + "/config.json", good);
  EXPECT_EQ(records.read(container), RecordAnswer(Record{.name = "web"}));
}

TEST_F(ContainerRecordTest, NothingThereIsNoRecord) {
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  tree.folder(task + id);
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
}

TEST_F(ContainerRecordTest, OtherNamespaceIsNotLookedAt) {
  tree.file("/io.containerd.runtime.v2.task/moby/" + id + "/config.json", good);
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  ContainerRecord moby({tree.root()}, "moby");
  EXPECT_EQ(moby.read(container), RecordAnswer(Record{.name = "web"}));
}

TEST_F(ContainerRecordTest, KnownStateFoldersFollowTheConfiguredOnes) {
  const auto& folders = records.folders();
  ASSERT_EQ(folders.size(), 4U);
  EXPECT_EQ(folders[0], tree.root() + "/io.containerd.runtime.v2.task/k8s.io");
  EXPECT_EQ(folders[1], "/run/containerd/io.containerd.runtime.v2.task/k8s.io");
  EXPECT_EQ(folders[2], "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io");
  EXPECT_EQ(folders[3],
            "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/k8s.io");
}

TEST_F(ContainerRecordTest, LinksAreNotFollowed) {
  tree.file("/elsewhere/config.json", good);
  tree.folder(task);
  std::filesystem::create_directory_symlink(tree.at("/elsewhere"), tree.at(task + id));
  EXPECT_EQ(records.read(container), RecordAnswer(NoRecord{}));
  std::filesystem::remove(tree.at(task + id));
  tree.folder(task + id);
  std::filesystem::create_symlink(tree.at("/elsewhere/config.json"),
                                  tree.at(task + id + "/config.json"));
  EXPECT_THAT(bad_record(), HasSubstr("symbolic links"));
}

TEST_F(ContainerRecordTest, WhatIsNoFileIsRefusedWithoutWaiting) {
  tree.folder(task + id);
  ASSERT_EQ(mkfifo(tree.at(task + id + "/config.json").c_str(), 0600), 0);
  EXPECT_THAT(bad_record(), HasSubstr("config.json"));
}

TEST_F(ContainerRecordTest, BadTextNamesThePath) {
  tree.file(task + id + "/config.json", good.substr(0, 20));
  EXPECT_THAT(bad_record(), HasSubstr(tree.at(task + id + "/config.json")));
}

TEST_F(ContainerRecordTest, FiftyMegabytesAreRefused) {
  tree.file(task + id + "/config.json",
            "{\"annotations\":{\"x\":\"" + std::string(50U << 20, 'x') + "\"}}");
  EXPECT_THAT(bad_record(), HasSubstr("too large"));
  tree.file(task + id + "/config.json", good);
  EXPECT_EQ(records.read(container), RecordAnswer(Record{.name = "web"}));
}

struct RecordWatchTest : ContainerRecordTest {
  int ready = 0;
  RecordWatch watch{[this](const ContainerPath& path) {
    EXPECT_EQ(path, container);
    ++ready;
  }};
};

TEST_F(RecordWatchTest, TellsWhenTheBundleIsMadeAndWritten) {
  tree.folder(task);
  watch.await(container, records.folders());
  tree.file(task + id + "/config.json", good);
  watch.read_events();
  EXPECT_GE(ready, 1);
  EXPECT_EQ(records.read(container), RecordAnswer(Record{.name = "web"}));
}

TEST_F(RecordWatchTest, TellsWhenAnIncompleteRecordIsWrittenAgain) {
  tree.file(task + id + "/config.json", "{");
  watch.await(container, records.folders());
  watch.read_events();
  EXPECT_EQ(ready, 0);
  tree.file(task + id + "/config.json", good);
  watch.read_events();
  EXPECT_EQ(ready, 1);
}

TEST_F(RecordWatchTest, OthersAndForgottenOnesAreSilent) {
  tree.folder(task);
  watch.await(container, records.folders());
  tree.file(task + std::string(64, 'd') + "/config.json", good);
  watch.read_events();
  EXPECT_EQ(ready, 0);
  watch.forget(container.cgroup);
  EXPECT_EQ(watch.awaited(), 0U);
  tree.file(task + id + "/config.json", good);
  watch.read_events();
  EXPECT_EQ(ready, 0);
}

TEST_F(RecordWatchTest, WhoseEndWentUnheardIsForgotten) {
  tree.folder(task + id);
  watch.await(container, records.folders());
  watch.forget_unless([](const std::string&) { return true; });
  EXPECT_EQ(watch.awaited(), 1U);
  watch.forget_unless([this](const std::string& cgroup) { return cgroup != container.cgroup; });
  EXPECT_EQ(watch.awaited(), 0U);
}

TEST_F(RecordWatchTest, ForgettingInTheCallbackIsFine) {
  tree.folder(task + id);
  RecordWatch forgetful([&forgetful](const ContainerPath& path) { forgetful.forget(path.cgroup); });
  forgetful.await(container, records.folders());
  tree.file(task + id + "/config.json", good);
  forgetful.read_events();
  EXPECT_EQ(forgetful.awaited(), 0U);
}

}  // namespace
}  // namespace iopslimit
