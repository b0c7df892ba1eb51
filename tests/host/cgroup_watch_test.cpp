// SPDX-License-Identifier: Apache-2.0
// Real inotify on a temporary tree shaped like the kubelet's.
#include "host/cgroup_watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "host/cgroup_tree.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const std::string pod = "/kubepods/burstable/pod0a";

std::string container(int number, const std::string& in = pod) {
  std::string id = std::to_string(number);
  id.insert(0, 64 - id.size(), '0');
  return in + "/" + id;
}

struct CgroupWatchTest : testing::Test {
  TempTree tree;
  std::set<std::string> appeared;
  std::vector<std::string> vanished;
  std::vector<std::string> complaints;
  int lost = 0;
  CgroupWatch watch{
      tree.root(),
      {.appeared = [this](const CgroupWatch::Seen& one) { appeared.insert(one.cgroup); },
       .vanished = [this](const std::string& cgroup) { vanished.push_back(cgroup); },
       .lost = [this] { ++lost; },
       .complain = [this](const std::string& text) { complaints.push_back(text); }}};

  /// Events are queued before the call that caused them returns: no waiting.
  void read() { watch.read_events(); }
  std::set<std::string> scan() {
    std::set<std::string> seen;
    for (const CgroupWatch::Seen& one : watch.scan()) seen.insert(one.cgroup);
    return seen;
  }
};

TEST_F(CgroupWatchTest, WhatWasThereBeforeIsListed) {
  tree.folder(container(1));
  tree.folder(container(2, "/kubepods/pod0b"));
  tree.folder("/kubelet.slice/kubelet-kubepods.slice");
  EXPECT_THAT(scan(),
              UnorderedElementsAre("/kubepods", container(1), container(2, "/kubepods/pod0b"),
                                   "/kubelet.slice/kubelet-kubepods.slice"));
}

TEST_F(CgroupWatchTest, WhatComesLaterIsTold) {
  scan();
  for (const auto* step : {"/kubepods", "/kubepods/burstable", "/kubepods/burstable/pod0a"}) {
    tree.folder(step);
    read();
  }
  tree.folder(container(1));
  read();
  EXPECT_THAT(appeared, UnorderedElementsAre("/kubepods", container(1)));
}

TEST_F(CgroupWatchTest, AWholeBranchAtOnceIsFoundBelowItsFirstDirectory) {
  scan();
  tree.folder(container(1, "/kubelet/kubepods/besteffort/pod0c"));
  read();
  EXPECT_THAT(appeared, UnorderedElementsAre("/kubelet/kubepods",
                                             container(1, "/kubelet/kubepods/besteffort/pod0c")));
  tree.folder(container(2, "/kubelet/kubepods/besteffort/pod0c"));
  read();
  EXPECT_THAT(appeared, Contains(container(2, "/kubelet/kubepods/besteffort/pod0c")));
}

TEST_F(CgroupWatchTest, AContainersOwnSubtreeIsNeverWatched) {
  tree.folder(container(1));
  scan();
  const std::size_t watches = watch.watch_count();
  for (int i = 0; i < 100; ++i)
    tree.folder(container(1) + "/kubepods/pod0d/" + container(i, "").substr(1));
  read();
  scan();
  EXPECT_THAT(appeared, IsEmpty());
  EXPECT_EQ(watch.watch_count(), watches);
  EXPECT_EQ(poll(nullptr, 0, 0), 0);
}

TEST_F(CgroupWatchTest, RemovalIsTold) {
  tree.folder(container(1));
  scan();
  tree.remove(container(1));
  read();
  EXPECT_THAT(vanished, Contains(container(1)));
}

TEST_F(CgroupWatchTest, AfterTenThousandContainersTheWatchesAreWhatTheyWere) {
  tree.folder("/kubepods/burstable");
  scan();
  const std::size_t before = watch.watch_count();
  for (int i = 0; i < 10000; ++i) {
    const std::string one = "/kubepods/burstable/pod" + std::to_string(i);
    tree.folder(container(i, one));
    read();
    tree.remove(one);
    read();
  }
  EXPECT_EQ(watch.watch_count(), before);
  EXPECT_THAT(appeared, SizeIs(10000));
}

TEST_F(CgroupWatchTest, AScanDropsWatchesOfWhatWentUnheard) {
  tree.folder(container(1));
  scan();
  const std::size_t before = watch.watch_count();
  tree.folder(container(2, "/kubepods/pod0e"));
  scan();
  EXPECT_EQ(watch.watch_count(), before + 1);
  tree.remove("/kubepods/pod0e");
  scan();  // the events are still unread
  EXPECT_EQ(watch.watch_count(), before);
  read();
  EXPECT_EQ(watch.watch_count(), before);
}

TEST_F(CgroupWatchTest, TheSamePodPathMadeAgainIsWatchedAgain) {
  tree.folder(pod);
  scan();
  tree.remove(pod);
  tree.folder(pod);
  read();  // both events at once: IN_DELETE finds the new directory
  tree.folder(container(1));
  read();
  EXPECT_THAT(appeared, Contains(container(1)));
}

TEST_F(CgroupWatchTest, AScanBetweenRemovalAndItsEventKeepsTheNewWatch) {
  tree.folder(pod);
  scan();
  tree.remove(pod);
  tree.folder(pod);
  scan();
  read();
  tree.folder(container(1));
  read();
  EXPECT_THAT(appeared, Contains(container(1)));
}

TEST_F(CgroupWatchTest, OthersDirectoriesAreNotWatched) {
  tree.folder("/system.slice/docker.service");
  tree.folder("/user.slice/user-0.slice");
  tree.folder("/docker/" + std::string(64, 'a'));
  scan();
  EXPECT_EQ(watch.watch_count(), 2U);  // the root and /docker
}

TEST_F(CgroupWatchTest, OverflowIsTold) {
  std::ifstream sysctl("/proc/sys/fs/inotify/max_queued_events");
  int queue = 0;
  sysctl >> queue;
  ASSERT_GT(queue, 0);
  tree.folder("/kubepods");
  scan();
  for (int i = 0; i <= queue; ++i) {
    const std::string one = "/kubepods/pod" + std::to_string(i);
    tree.folder(one);
  }
  read();
  EXPECT_EQ(lost, 1);
  EXPECT_THAT(complaints, Contains(HasSubstr("max_queued_events")));
}

TEST_F(CgroupWatchTest, AControllerEnabledLaterTellsTheSiblings) {
  tree.folder(container(1));
  tree.file(pod + "/cgroup.subtree_control");
  scan();
  watch.await_controller(container(1));
  tree.file(pod + "/cgroup.subtree_control", "+io");
  read();
  EXPECT_THAT(appeared, UnorderedElementsAre(container(1)));
}

TEST_F(CgroupWatchTest, TheDescriptorIsReadableWhenThereIsNews) {
  tree.folder("/kubepods");
  scan();
  pollfd news{.fd = watch.fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&news, 1, 0), 0);
  tree.folder("/kubepods/burstable");
  EXPECT_EQ(poll(&news, 1, 0), 1);
  read();
  EXPECT_EQ(poll(&news, 1, 0), 0);
}

// A removed cgroup directory keeps its mark in the kernel until inotify_rm_watch, which a plain
// folder does not: this needs a real hierarchy, and a cgroup of our own in it.
TEST(CgroupWatchOnCgroups, ARemovedDirectoryLeavesNoMarkInTheKernel) {
  namespace fs = std::filesystem;
  std::string root;
  try {
    root =
        find_cgroup_tree(CgroupVersion::v1).root + "/iops-limitd-watch-" + std::to_string(getpid());
  } catch (const std::exception& error) {
    GTEST_SKIP() << "no v1 blkio hierarchy on this machine: " << error.what();
  }
  std::error_code error;
  if (!fs::create_directory(root, error)) GTEST_SKIP() << "cannot make the cgroup " << root;
  fs::create_directory(root + "/kubepods");
  CgroupWatch watch(root, {.appeared = [](const CgroupWatch::Seen&) {},
                           .vanished = [](const std::string&) {},
                           .lost = [] {},
                           .complain = [](const std::string&) {}});
  watch.scan();
  const auto marks = [&watch] {
    std::ifstream info("/proc/self/fdinfo/" + std::to_string(watch.fd()));
    int count = 0;
    for (std::string line; std::getline(info, line);) count += line.starts_with("inotify ") ? 1 : 0;
    return count;
  };
  const int before = marks();
  for (int i = 0; i < 50; ++i) {
    const std::string one = root + "/kubepods/pod" + std::to_string(i);
    fs::create_directory(one);
    watch.read_events();
    fs::remove(one);
    watch.read_events();
  }
  EXPECT_EQ(marks(), before);
  fs::remove(root + "/kubepods");
  fs::remove(root);
}

}  // namespace
}  // namespace iopslimit
