// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limit/backend.hpp"

namespace iopslimit::control_error_test {
namespace {

using testing::HasSubstr;

// What the journal says of them has to lead on.
TEST(ControlErrors, GiveAdvice) {
  EXPECT_THAT(make_error_code(ControlError::cgroup_gone).message(), HasSubstr("is gone"));
  EXPECT_THAT(make_error_code(ControlError::controller_missing).message(),
              HasSubstr("cgroup.subtree_control"));
  EXPECT_THAT(make_error_code(ControlError::device_refused).message(), HasSubstr("lsblk"));
  EXPECT_THAT(make_error_code(ControlError::not_held).message(), HasSubstr("holds another"));
}

TEST(ControlErrors, DifferFromOtherErrors) {
  const std::error_code error = ControlError::cgroup_gone;
  EXPECT_STREQ(error.category().name(), "limit");
  EXPECT_NE(error, std::error_code(error.value(), std::system_category()));
  EXPECT_EQ(std::error_code(99, error.category()).message(), "unknown");
}

}  // namespace
}  // namespace iopslimit::control_error_test
