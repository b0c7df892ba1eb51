// SPDX-License-Identifier: Apache-2.0
// The socket for root's own calls: peers that come, go, and are too many.
#include "api/private_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "support/temp_tree.hpp"

namespace iopslimit::private_socket_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct PrivateSocketTest : testing::Test {
  TempTree tree;
  std::string path = tree.at("private");
  EventLoop loop;
  std::vector<std::string> announced;
  int begun = 0;
  int ended = 0;
  std::unique_ptr<PrivateSocket> sockets = listen(path);

  std::unique_ptr<PrivateSocket> listen(const std::string& at) {
    return std::make_unique<PrivateSocket>(
        loop, at,
        PrivateSocket::Handlers{
            .begun = [this](sd_bus*) { ++begun; },
            .ended = [this](sd_bus*) { ++ended; },
            .announce = [this](const std::string& text, bool) { announced.push_back(text); }});
  }

  File connect() const {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    File one(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(one.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return one;
  }

  void turn_until(int connections) {
    constexpr std::uint64_t most_usec = 30000000;
    while (begun < connections)
      ASSERT_GT(sd_event_run(loop.event(), most_usec), 0) << "nothing happened";
  }
};

TEST_F(PrivateSocketTest, BelongsToItsOwnerAlone) {
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
}

TEST_F(PrivateSocketTest, GoesWhenTheServiceEnds) {
  sockets.reset();
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(PrivateSocketTest, TakesThePlaceOfWhatAKilledOneLeft) {
  tree.file("stale", "");
  sockets = listen(tree.at("stale"));
  EXPECT_THAT(announced, IsEmpty());
  path = tree.at("stale");
  const File one = connect();
  turn_until(1);
}

TEST_F(PrivateSocketTest, GivesTheReasonIfThereIsNoSocket) {
  sockets = listen(tree.at("nowhere/private"));
  EXPECT_THAT(announced, ElementsAre(HasSubstr("limits are not affected")));
  sockets = listen("/" + std::string(200, 'x'));
  EXPECT_THAT(announced.back(), HasSubstr("File name too long"));
}

TEST_F(PrivateSocketTest, ClosedPeerMakesRoom) {
  constexpr int most = PrivateSocket::most_peers;
  for (int round = 1; round <= 3; ++round) {
    std::vector<File> peers;
    for (int one = 0; one < most; ++one) peers.push_back(connect());
    turn_until(round * most);
    const File refused = connect();
    char byte = 0;
    while (recv(refused.fd(), &byte, 1, MSG_DONTWAIT) != 0)  // until it is closed
      ASSERT_GT(sd_event_run(loop.event(), 30000000), 0);
    EXPECT_EQ(begun, round * most);
    peers.clear();
    while (sd_event_run(loop.event(), 0) > 0) {
    }
    EXPECT_EQ(ended, round * most);
  }
}

}  // namespace
}  // namespace iopslimit::private_socket_test
