// SPDX-License-Identifier: Apache-2.0
// Each kind of callback has its own test: io_test.cpp, timer_test.cpp, signal_test.cpp.
#include "loop/event_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include "loop/file.hpp"
#include "loop/timer.hpp"
#include "support/loop_runs.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

TEST(EventLoop, QuitEndsRunWithoutFurtherCallbacks) {
  EventLoop loop;
  int calls = 0;
  Timer first(loop, [&] {
    ++calls;
    loop.quit();
  });
  Timer second(
      loop, [&] { ++calls; }, Priority::idle);
  first.start({});
  second.start({});
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, ExceptionEndsRunWithoutFurtherCallbacks) {
  EventLoop loop;
  int calls = 0;
  Timer first(loop, [] { throw std::runtime_error("the disk is on fire"); });
  Timer second(
      loop, [&] { ++calls; }, Priority::idle);
  first.start({});
  second.start({});
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
  EXPECT_EQ(calls, 0);
}

TEST(EventLoop, FailParksTheExceptionThatIsHandled) {
  EventLoop loop;
  try {
    throw std::runtime_error("the disk is on fire");
  } catch (...) {
    loop.fail();
  }
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
}

struct WatchdogTest : testing::Test {
  TempTree tree;
  File manager{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  EventLoop loop;

  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, tree.at("notify").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(bind(manager.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    setenv("NOTIFY_SOCKET", tree.at("notify").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
  }
  std::string received() const {
    std::array<char, 100> text{};
    const ssize_t size = recv(manager.fd(), text.data(), text.size(), 0);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }
};

TEST_F(WatchdogTest, IsFedWhileTheLoopRuns) {
  setenv("WATCHDOG_USEC", "40000", 1);
  loop.feed_watchdog();
  EXPECT_EQ(received(), "WATCHDOG=1");
  run_for_a_while(loop);
  EXPECT_EQ(received(), "WATCHDOG=1");
}

TEST_F(WatchdogTest, IsNotFedWhenTheUnitHasNone) {
  loop.feed_watchdog();
  run_for_a_while(loop);
  EXPECT_EQ(received(), "");
}

}  // namespace
}  // namespace iopslimit
