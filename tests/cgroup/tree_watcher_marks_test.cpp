// SPDX-License-Identifier: Apache-2.0
// A removed cgroup directory keeps its mark in the kernel until inotify_rm_watch, which a plain
// folder does not: this needs a real hierarchy, and a cgroup of our own in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "cgroup/hierarchy.hpp"
#include "cgroup/tree_watcher.hpp"

namespace iopslimit::tree_watcher_marks_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

struct CgroupWatchOnCgroups : testing::Test {
  std::string root;
  std::vector<std::string> appeared;
  std::vector<std::string> vanished;

  void SetUp() override {
    try {
      root =
          find_hierarchy(CgroupVersion::v1).root + "/iops-limitd-watch-" + std::to_string(getpid());
    } catch (const std::exception& error) {
      GTEST_SKIP() << "no v1 blkio hierarchy on this machine: " << error.what();
    }
    std::error_code error;
    if (fs::create_directory(root, error)) return;
    const std::string refused = std::exchange(root, "");
    GTEST_SKIP() << "cannot make the cgroup " << refused;
  }
  void TearDown() override {
    if (!root.empty()) remove("");
  }

  TreeWatcher watch_with(WatchOptions options) {
    return {root,
            options,
            {.appeared = [this](const ContainerPath& one) { appeared.push_back(one.cgroup); },
             .vanished = [this](const ContainerPath& path) { vanished.push_back(path.cgroup); },
             .lost = [] {},
             .warn = [](const std::string&) {}}};
  }
  void make(const std::string& cgroup) const { fs::create_directories(root + cgroup); }
  /// A cgroup's files go with it; only rmdir, from the bottom up, is allowed.
  void remove(const std::string& cgroup) const {
    std::vector<fs::path> folders{root + cgroup};
    for (const auto& entry : fs::recursive_directory_iterator(root + cgroup))
      if (entry.is_directory()) folders.push_back(entry.path());
    while (!folders.empty()) {
      fs::remove(folders.back());
      folders.pop_back();
    }
  }
  static int marks(const TreeWatcher& watch) {
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(watch.inotify().instance()));
    int count = 0;
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify ") ? 1 : 0;
    return count;
  }
};

TEST_F(CgroupWatchOnCgroups, ARemovedDirectoryLeavesNoMarkInTheKernel) {
  make("/kubepods");
  TreeWatcher watch = watch_with({});
  watch.scan();
  const int before = marks(watch);
  for (int i = 0; i < 50; ++i) {
    const std::string pod = "/kubepods/pod" + std::to_string(i);
    make(pod);
    watch.read_events();
    remove(pod);
    watch.read_events();
  }
  EXPECT_EQ(marks(watch), before);
}

TEST_F(CgroupWatchOnCgroups, AScopeWithALeafLeavesNoMarkInTheKernel) {
  const std::string pod = "/kubepods.slice/kubepods-pod0a.slice";
  const std::string scope = pod + "/crio-" + std::string(64, 'a') + ".scope";
  make(pod);
  TreeWatcher watch = watch_with({.process_leaves = true});
  watch.scan();
  const int before = marks(watch);
  for (int i = 0; i < 50; ++i) {
    appeared.clear();
    vanished.clear();
    make(scope + "/container");
    watch.read_events();
    EXPECT_THAT(appeared, ElementsAre(scope, scope + "/container"));
    EXPECT_EQ(marks(watch), before + 1);
    remove(scope);
    watch.read_events();
    EXPECT_THAT(vanished, ElementsAre(scope + "/container", scope));
    EXPECT_EQ(marks(watch), before);
  }
}

TEST_F(CgroupWatchOnCgroups, AStandaloneContainerLeavesNoMarkInTheKernel) {
  const std::string container = "/system.slice/docker-" + std::string(64, 'a') + ".scope";
  TreeWatcher watch = watch_with({.standalone = {.docker = true}});
  watch.scan();
  const int before = marks(watch);
  for (int i = 0; i < 50; ++i) {
    appeared.clear();
    make(container);
    watch.read_events();
    EXPECT_THAT(appeared, ElementsAre(container));
    EXPECT_EQ(marks(watch), before + 1);
    remove("/system.slice");
    watch.read_events();
    EXPECT_EQ(marks(watch), before);
  }
}

}  // namespace
}  // namespace iopslimit::tree_watcher_marks_test
