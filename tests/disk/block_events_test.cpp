// SPDX-License-Identifier: Apache-2.0
// Needs umockdev in front of libc: umockdev-wrapper ./data_disk_test
#include "disk/block_events.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "disk/mountinfo.hpp"
#include "loop/file.hpp"
#include "support/fake_disks.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::block_events_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// Events come through the kernel: at once for the real one, from another thread for umockdev.
constexpr int soon = 10000;
constexpr int longest = 2 * BlockEvents::links_delays.back().count();

bool ready(const BlockEvents& events, int milliseconds) {
  pollfd one = {events.fd(), POLLIN, 0};
  return poll(&one, 1, milliseconds) == 1;
}

class BlockEventsOnFakes : public FakeDisks {
 protected:
  void SetUp() override {
    FakeDisks::SetUp();
    two_nvme();
    device("/devices/virtual/net/veth7", "net", "A: address=0\n");
  }
  void raise(const std::string& path, const char* action) {
    umockdev_testbed_uevent(testbed_.get(), ("/sys" + path).c_str(), action);
  }
};

TEST_F(BlockEventsOnFakes, EveryActionOnADiskOrPartition) {
  BlockEvents events;
  EXPECT_EQ(events.warning(), "");
  EXPECT_FALSE(ready(events, 0));
  EXPECT_FALSE(events.drain());
  for (const char* action : {"add", "change", "move", "remove"}) {
    for (const std::string& path : {nvme0_ + "/nvme0n1", nvme1_ + "/nvme1n1/nvme1n1p1"}) {
      raise(path, action);
      ASSERT_TRUE(ready(events, soon)) << path << action;
      EXPECT_TRUE(events.drain()) << path << action;
      EXPECT_FALSE(ready(events, 0)) << "left something";
    }
  }
}

TEST_F(BlockEventsOnFakes, OtherDevicesAreReadAndPassedOver) {
  BlockEvents events;
  raise("/devices/virtual/net/veth7", "add");
  ASSERT_TRUE(ready(events, soon));
  EXPECT_FALSE(events.drain());
  EXPECT_FALSE(ready(events, 0));
  raise("/devices/virtual/net/veth7", "add");
  raise(nvme0_ + "/nvme0n1", "change");
  raise("/devices/virtual/net/veth7", "remove");
  EXPECT_TRUE(events.drain());
  EXPECT_FALSE(ready(events, 0));
}

TEST_F(BlockEventsOnFakes, AsksForScansWhileTheLinksOfAReplacedTableMayBeThere) {
  BlockEvents events;
  raise(nvme0_ + "/nvme0n1", "change");
  ASSERT_TRUE(ready(events, soon));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_TRUE(events.drain());
  for (std::size_t i = 0; i < BlockEvents::links_delays.size(); ++i) {
    ASSERT_TRUE(ready(events, soon)) << "without another event";
    EXPECT_TRUE(events.drain());
  }
  const auto delays = std::accumulate(BlockEvents::links_delays.begin(),
                                      BlockEvents::links_delays.end(), std::chrono::milliseconds());
  EXPECT_GE(std::chrono::steady_clock::now() - began, delays) << "none of them too early";
  EXPECT_FALSE(ready(events, longest)) << "these scans are enough";
}

TEST_F(BlockEventsOnFakes, ANewEventBeginsTheScansAnew) {
  BlockEvents events;
  raise(nvme0_ + "/nvme0n1", "change");
  for (std::size_t i = 0; i < 2; ++i) {
    ASSERT_TRUE(ready(events, soon));
    EXPECT_TRUE(events.drain());
  }
  raise(nvme0_ + "/nvme0n1", "change");
  std::size_t scans = 0;
  for (; ready(events, longest); ++scans) events.drain();
  EXPECT_GE(scans, BlockEvents::links_delays.size() + 1);
}

TEST_F(BlockEventsOnFakes, OtherDevicesAskForNoScanLater) {
  BlockEvents events;
  raise("/devices/virtual/net/veth7", "add");
  ASSERT_TRUE(ready(events, soon));
  EXPECT_FALSE(events.drain());
  EXPECT_FALSE(ready(events, longest));
}

TEST(BlockEvents, WarnsWithoutNetlink) {
  const File last_open(dup(STDERR_FILENO));
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit two_more = before;  // epoll and the timer
  two_more.rlim_cur = static_cast<rlim_t>(last_open.fd()) + 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &two_more), 0);
  BlockEvents events;
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(
      events.warning(),
      "no events of disks arrive (netlink: Too many open files): the disks are checked when a "
      "mount changes, and at every periodic check");
  EXPECT_FALSE(ready(events, 0));
  EXPECT_FALSE(events.drain());
}

/// Whether its epoll descriptor waits for an open descriptor of this file.
bool waits_for(const BlockEvents& events, const std::string& path) {
  const fs::path wanted = fs::canonical(path);
  std::ifstream descriptors("/proc/self/fdinfo/" + std::to_string(events.fd()));
  for (std::string word, number; descriptors >> word;) {
    if (word != "tfd:" || !(descriptors >> number)) continue;
    if (fs::path target = fs::read_symlink("/proc/self/fd/" + number); target == wanted)
      return true;
  }
  return false;
}

/// A cgroup of our own below a cgroup2 mount of this machine: its cgroup.events raises POLLPRI and
/// is armed again by reading, as /proc/mdstat.
class StatusFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream mountinfo("/proc/self/mountinfo");
    const std::string text{std::istreambuf_iterator<char>(mountinfo), {}};
    for (const Mount& mount : parse_mountinfo(text)) {
      if (mount.file_system == "cgroup2") folder_ = mount.mount_point + "/block-events-test";
    }
    std::error_code error;
    if (folder_.empty() || !fs::create_directory(folder_, error))
      GTEST_SKIP() << "no cgroup2 mount of this machine can be written to";
  }
  void TearDown() override {
    std::error_code error;
    fs::remove(folder_, error);
  }
  std::string folder_;
};

TEST_F(StatusFileTest, MdRaisesItAndReadingRearmsIt) {
  BlockEvents events(folder_ + "/cgroup.events");
  events.drain();  // unlike mdstat it counts as changed until it is read
  EXPECT_FALSE(events.drain());
  int hold[2];
  ASSERT_EQ(pipe(hold), 0);
  const pid_t child = fork();
  if (child == 0) {  // lives in the cgroup until the pipe is closed
    close(hold[1]);
    std::ofstream(folder_ + "/cgroup.procs") << 0;
    char byte = 0;
    _exit(static_cast<int>(read(hold[0], &byte, 1)));
  }
  close(hold[0]);
  EXPECT_TRUE(ready(events, soon) && events.drain()) << "populated 1";
  EXPECT_FALSE(ready(events, 0) || events.drain());
  close(hold[1]);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(ready(events, soon) && events.drain()) << "populated 0";
}

TEST(BlockEvents, RetriesAMissingStatusFile) {
  const TempTree tree;
  const std::string file = tree.root() + "/mdstat";
  BlockEvents events(file);
  EXPECT_EQ(events.warning(), "");
  EXPECT_FALSE(events.drain());
  fs::create_symlink("/proc/self/mountinfo", file);
  EXPECT_FALSE(events.drain());
  EXPECT_TRUE(waits_for(events, "/proc/self/mountinfo"));
}

/// The sockets that an epoll descriptor waits for.
std::vector<int> sockets_behind(int epoll) {
  std::vector<int> sockets;
  std::ifstream waits_for("/proc/self/fdinfo/" + std::to_string(epoll));
  for (std::string word; waits_for >> word;) {
    if (word != "tfd:" || !(waits_for >> word)) continue;
    struct stat facts = {};
    if (fstat(std::stoi(word), &facts) == 0 && S_ISSOCK(facts.st_mode))
      sockets.push_back(std::stoi(word));
  }
  return sockets;
}

/// Their multicast groups: 1 the kernel's, 2 udev's.
std::set<unsigned> groups_behind(int epoll) {
  std::set<std::string> inodes;
  for (const int socket : sockets_behind(epoll)) {
    struct stat facts = {};
    fstat(socket, &facts);
    inodes.insert(std::to_string(facts.st_ino));
  }
  std::set<unsigned> groups;
  std::ifstream netlink("/proc/self/net/netlink");
  for (std::string line; std::getline(netlink, line);) {
    std::istringstream columns(line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(columns), {}};
    if (words.size() == 10 && inodes.count(words[9]) != 0) {
      groups.insert(static_cast<unsigned>(std::stoul(words[3], nullptr, 16)));
    }
  }
  return groups;
}

bool dev_is_devtmpfs() {
  std::ifstream mountinfo("/proc/self/mountinfo");
  const std::string text{std::istreambuf_iterator<char>(mountinfo), {}};
  const auto mount = find_mount(parse_mountinfo(text), "/dev");
  return mount && mount->file_system == "devtmpfs";
}

TEST(BlockEvents, HearsTheKernelAndUdev) {
  if (!fs::exists("/run/udev/control") && !dev_is_devtmpfs()) {
    GTEST_SKIP() << "libudev does not listen to udev where there can be none";
  }
  EXPECT_THAT(groups_behind(BlockEvents().fd()), ElementsAre(1U, 2U));
}

/// Real events of the kernel, raised as `udevadm trigger` does, of a loop device of this machine
/// that nobody uses, and of `lo`. Only where no udevd runs, which would have to work on them.
class BlockEventsOfTheKernel : public testing::Test {
 protected:
  void SetUp() override {
    if (fs::exists("/run/udev/control")) GTEST_SKIP() << "udevd runs here";
    for (int i = 0; i < 8 && !loop_; ++i) {
      const std::string device = "/sys/class/block/loop" + std::to_string(i);
      std::error_code error;
      if (fs::exists(device + "/loop", error)) continue;  // in use
      loop_ = open_at(AT_FDCWD, (device + "/uevent").c_str(), O_WRONLY).value_or(File());
    }
    lo_ = open_at(AT_FDCWD, "/sys/class/net/lo/uevent", O_WRONLY).value_or(File());
    if (!loop_ || !lo_) GTEST_SKIP() << "no right to raise an event, or no loop device is free";
  }
  static void raise(const File& uevent, int times) {
    for (int i = 0; i < times; ++i) ASSERT_EQ(write(uevent.fd(), "change", 6), 6);
  }
  File loop_;
  File lo_;
};

TEST_F(BlockEventsOfTheKernel, AreHeardWithoutUdevd) {
  BlockEvents events;
  raise(loop_, 1);
  ASSERT_TRUE(ready(events, soon));
  EXPECT_TRUE(events.drain());
}

// As when hundreds of pods start at once: what is read is about network devices only, what was lost
// may have been about a disk.
TEST_F(BlockEventsOfTheKernel, LostEventCountsAsAChange) {
  BlockEvents events;
  const int smallest = 0;  // the kernel makes 2,304 bytes of it
  for (const int socket : sockets_behind(events.fd())) {
    ASSERT_EQ(setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof(smallest)), 0);
  }
  raise(lo_, 100);
  EXPECT_TRUE(events.drain());
  EXPECT_FALSE(ready(events, 0)) << "left something";
  raise(loop_, 1);
  EXPECT_TRUE(events.drain()) << "deaf after it";
}

}  // namespace
}  // namespace iopslimit::block_events_test
