// SPDX-License-Identifier: Apache-2.0
// What arrives at $NOTIFY_SOCKET.
#include "systemd/notify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "loop/local_socket.hpp"
#include "support/loop_runs.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::notify_test {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;
using testing::StartsWith;

struct ServiceManagerTest : testing::Test {
  TempTree tree;
  int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  EventLoop loop;
  Notifier manager{loop};

  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, tree.at("/notify").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", tree.at("/notify").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    close(socket_);
  }
  std::string received() const {
    std::array<char, 4096> text{};
    const ssize_t size = recv(socket_, text.data(), text.size(), 0);
    return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
  }
};

TEST_F(ServiceManagerTest, ReadyWithStatus) {
  manager.ready("waiting: /data is not mounted");
  EXPECT_EQ(received(), "READY=1\nSTATUS=waiting: /data is not mounted");
}

TEST_F(ServiceManagerTest, StatusOnlyWhenItChanged) {
  manager.ready("1 container");
  received();
  manager.status("1 container");
  EXPECT_EQ(received(), "nothing");
  manager.status("2 containers");
  EXPECT_EQ(received(), "STATUS=2 containers");
}

TEST_F(ServiceManagerTest, ReloadingCarriesTheTime) {
  manager.reloading();
  EXPECT_THAT(received(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  manager.stopping();
  EXPECT_EQ(received(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, ThatDoesNotReadIsNotWaitedForAndHearsTheNewestOfEachKind) {
  const auto local = *local_address(tree.at("/notify"));
  const File other(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  while (sendto(other.fd(), "x", 1, 0, local.get(), local.size) == 1) {
  }
  manager.ready("1 container");
  for (int count = 0; count < 100; ++count) manager.status(std::to_string(count) + " containers");
  manager.reloading();
  manager.ready("end");
  manager.stopping();
  std::vector<std::string> all;
  run_until(loop, [&] {
    for (std::string one = received(); one != "nothing"; one = received())
      if (one != "x") all.push_back(one);
    return all.size() >= 4;
  });
  EXPECT_THAT(all, ElementsAre("STATUS=99 containers", StartsWith("RELOADING=1"),
                               "READY=1\nSTATUS=end", "STOPPING=1"));
}

TEST_F(ServiceManagerTest, ThatIsStuckDoesNotHoldUpTheEnd) {
  const auto local = *local_address(tree.at("/notify"));
  const File other(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  while (sendto(other.fd(), "x", 1, 0, local.get(), local.size) == 1) {
  }
  loop.quit();
  loop.run();
  const auto start = std::chrono::steady_clock::now();
  {
    Notifier last(loop);
    last.stopping();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(ServiceManagerTest, AnAbstractSocketHasItsName) {
  const std::string name = "@iops-limitd-test-" + std::to_string(getpid());
  const auto local = *local_address(name);
  close(socket_);
  socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ASSERT_EQ(bind(socket_, local.get(), local.size), 0);
  setenv("NOTIFY_SOCKET", name.c_str(), 1);
  manager.status("a\nREADY=1\u202e");
  EXPECT_EQ(received(), "STATUS=a?READY=1?");
}

TEST_F(ServiceManagerTest, TheWatchdogIsFedWhileTheLoopRuns) {
  setenv("WATCHDOG_USEC", "40000", 1);
  manager.feed_watchdog();
  EXPECT_EQ(received(), "WATCHDOG=1");
  run_for_a_while(loop);
  EXPECT_EQ(received(), "WATCHDOG=1");
}

TEST_F(ServiceManagerTest, TheWatchdogIsNotFedWhenTheUnitHasNone) {
  manager.feed_watchdog();
  run_for_a_while(loop);
  EXPECT_EQ(received(), "nothing");
}

TEST_F(ServiceManagerTest, WithoutSystemdNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  manager.ready("x");
  manager.reloading();
  EXPECT_EQ(received(), "nothing");
}

}  // namespace
}  // namespace iopslimit::notify_test
