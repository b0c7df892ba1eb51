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

#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

using testing::MatchesRegex;

struct ServiceManagerTest : testing::Test {
  TempTree tree;
  int socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  Notifier manager;

  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, tree.at("/notify").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", tree.at("/notify").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
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

TEST_F(ServiceManagerTest, WithoutSystemdNothingHappens) {
  unsetenv("NOTIFY_SOCKET");
  manager.ready("x");
  manager.reloading();
  EXPECT_EQ(received(), "nothing");
}

}  // namespace
}  // namespace iopslimit
