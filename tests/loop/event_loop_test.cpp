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

namespace iopslimit::event_loop_test {
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

}  // namespace
}  // namespace iopslimit::event_loop_test
