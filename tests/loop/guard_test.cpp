// SPDX-License-Identifier: Apache-2.0
#include "loop/guard.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "support/loop_runs.hpp"

namespace iopslimit::guard_test {
namespace {

TEST(Guard, ExceptionIsParkedAndEndsRun) {
  EventLoop loop;
  EXPECT_EQ(guard(loop, [] { throw std::runtime_error("the disk is on fire"); }), 0);
  EXPECT_EQ(exception_of_run(loop), "the disk is on fire");
}

TEST(Guard, LoopRunsOnWithoutAnException) {
  EventLoop loop;
  bool ran = false;
  EXPECT_EQ(guard(loop, [&] { ran = true; }), 0);
  EXPECT_TRUE(ran);
  run_for_a_while(loop);
}

TEST(GuardCall, ExceptionIsRefusedWithItsText) {
  std::string refused;
  const auto refuse = [&](const char* why) { refused = why; };
  EXPECT_EQ(guard_call([] { throw std::runtime_error("no such pod"); }, refuse), 1);
  EXPECT_EQ(refused, "no such pod");
}

TEST(GuardCall, NothingIsRefusedWithoutAnException) {
  std::string refused;
  EXPECT_EQ(guard_call([] {}, [&](const char* why) { refused = why; }), 1);
  EXPECT_EQ(refused, "");
}

}  // namespace
}  // namespace iopslimit::guard_test
