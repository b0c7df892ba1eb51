// SPDX-License-Identifier: Apache-2.0
#include "limit/drift_watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "support/temp_tree.hpp"

namespace iopslimit::drift_watcher_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct DriftWatcherTest : testing::Test {
  TempTree tree;
  std::vector<std::string> warnings;
  Inotify inotify;
  DriftWatcher watch{inotify, tree.root(), 3,
                     [this](const std::string& text) { warnings.push_back(text); }};

  DriftWatcher::Written read_events() { return read_events(watch); }
  DriftWatcher::Written read_events(DriftWatcher& one) {
    DriftWatcher::Written written;
    inotify.read([&](int descriptor, std::uint32_t mask, std::string_view name) {
      one.handle(descriptor, mask, name, written);
    });
    return written;
  }

  void made(const std::string& cgroup) const {
    tree.file(cgroup + "/io.max");
    tree.file(cgroup + "/cgroup.procs");
    tree.file(cgroup + "/blkio.throttle.read_iops_device");
  }
  void write(const std::string& file) const { std::ofstream(tree.at(file)) << "x"; }
};

TEST_F(DriftWatcherTest, ReportsCgroupsWhoseLimitFilesWereWritten) {
  for (const char* cgroup : {"/pod/a", "/pod/b", "/pod/c"}) made(cgroup);
  EXPECT_TRUE(watch.follow("/pod/a"));
  EXPECT_FALSE(watch.follow("/pod/a")) << "it is watched already";
  EXPECT_TRUE(watch.follow("/pod/b"));
  EXPECT_THAT(read_events().cgroups, IsEmpty());
  write("/pod/a/io.max");
  write("/pod/a/io.max");
  write("/pod/b/cgroup.procs");
  write("/pod/c/io.max");
  EXPECT_THAT(read_events().cgroups, ElementsAre("/pod/a"));
  EXPECT_THAT(read_events().cgroups, IsEmpty());
  write("/pod/b/blkio.throttle.read_iops_device");
  EXPECT_THAT(read_events().cgroups, ElementsAre("/pod/b"));
}

TEST_F(DriftWatcherTest, ForgetsOnRequest) {
  for (const char* cgroup : {"/pod/a", "/pod/b"}) {
    made(cgroup);
    watch.follow(cgroup);
    watch.follow(cgroup);
  }
  EXPECT_EQ(watch.watch_count(), 2U);
  watch.forget("/pod/a");
  watch.forget("/never");
  write("/pod/a/io.max");
  EXPECT_THAT(read_events().cgroups, IsEmpty());
  watch.forget_unless([](const std::string& cgroup) { return cgroup == "/pod/a"; });
  EXPECT_EQ(watch.watch_count(), 0U);
  write("/pod/b/io.max");
  EXPECT_THAT(read_events().cgroups, IsEmpty());
}

TEST_F(DriftWatcherTest, ANewDirectoryInAnOldOnesPlaceIsFollowed) {
  made("/pod/a");
  watch.follow("/pod/a");
  // Renamed, so that its inode, and its watch, live on: a removed cgroup raises nothing either.
  std::filesystem::rename(tree.at("/pod/a"), tree.at("/pod/old"));
  made("/pod/a");
  watch.follow("/pod/a");
  EXPECT_EQ(watch.watch_count(), 1U);
  write("/pod/old/io.max");
  EXPECT_THAT(read_events().cgroups, IsEmpty());
  write("/pod/a/io.max");
  EXPECT_THAT(read_events().cgroups, ElementsAre("/pod/a"));
  tree.remove("/pod/a");
  read_events();
  EXPECT_EQ(watch.watch_count(), 0U) << "IN_IGNORED";
}

TEST_F(DriftWatcherTest, LeavesWatchesForFindingContainers) {
  for (const char* cgroup : {"/a", "/b", "/c", "/d", "/e"}) {
    made(cgroup);
    watch.follow(cgroup);
  }
  EXPECT_EQ(watch.watch_count(), 3U);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0], testing::HasSubstr("fs.inotify.max_user_watches"));
  watch.forget("/a");
  watch.follow("/d");
  EXPECT_EQ(watch.watch_count(), 3U);
}

TEST_F(DriftWatcherTest, DoesNotFollowMissingCgroups) {
  watch.follow("/gone");
  tree.file("/file");
  watch.follow("/file");
  EXPECT_EQ(watch.watch_count(), 0U);
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_GT(watches_to_spare(), 1U);
}

/// A hierarchy in which a parent passes controllers down.
struct DriftWatcherControllerTest : DriftWatcherTest {
  DriftWatcherControllerTest() {
    for (const char* parent : {"", "/pod", "/other"})
      tree.file(parent + std::string("/cgroup.subtree_control"));
    for (const char* cgroup : {"/pod/a", "/pod/z", "/other/b"}) made(cgroup);
    watch.emplace(inotify, tree.root(), 9,
                  [this](const std::string& text) { warnings.push_back(text); });
  }
  std::optional<DriftWatcher> watch;  // it looks for controllers when it is made
};

TEST_F(DriftWatcherControllerTest, ReportsCgroupsThatMayHaveLostTheirLimitFiles) {
  for (const char* cgroup : {"/pod/a", "/pod/z", "/other/b"}) EXPECT_TRUE(watch->follow(cgroup));
  EXPECT_FALSE(watch->follow("/pod/a"));
  write("/pod/cgroup.subtree_control");
  EXPECT_THAT(read_events(*watch).cgroups, ElementsAre("/pod/a", "/pod/z"));
  watch->forget("/pod/a");
  write("/pod/cgroup.subtree_control");
  EXPECT_THAT(read_events(*watch).cgroups, ElementsAre("/pod/z"));
  watch->follow("/pod");
  write("/cgroup.subtree_control");
  EXPECT_THAT(read_events(*watch).cgroups, ElementsAre("/pod")) << "not what is inside of it";
}

TEST_F(DriftWatcherControllerTest, TheLastOneTakesTheWatchOfItsParentAlong) {
  for (const char* cgroup : {"/pod/a", "/pod/z", "/other/b"}) watch->follow(cgroup);
  EXPECT_EQ(watch->watch_count(), 5U);
  watch->forget("/pod/z");
  EXPECT_EQ(watch->watch_count(), 4U);
  watch->forget("/pod/a");
  EXPECT_EQ(watch->watch_count(), 2U);
  watch->forget_unless([](const std::string& cgroup) {
    EXPECT_EQ(cgroup, "/other/b");
    return false;
  });
  EXPECT_EQ(watch->watch_count(), 0U);
}

TEST_F(DriftWatcherControllerTest, ANewParentInAnOldOnesPlaceIsWatched) {
  watch->follow("/pod/a");
  std::filesystem::rename(tree.at("/pod"), tree.at("/old"));
  tree.file("/pod/cgroup.subtree_control");
  made("/pod/a");
  EXPECT_TRUE(watch->follow("/pod/a"));
  EXPECT_EQ(watch->watch_count(), 2U);
  write("/old/cgroup.subtree_control");
  EXPECT_THAT(read_events(*watch).cgroups, IsEmpty());
  write("/pod/cgroup.subtree_control");
  EXPECT_THAT(read_events(*watch).cgroups, ElementsAre("/pod/a"));
}

}  // namespace
}  // namespace iopslimit::drift_watcher_test
