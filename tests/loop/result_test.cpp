// SPDX-License-Identifier: Apache-2.0
#include "loop/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace iopslimit::result_test {
namespace {

Result<std::string> name_of(int number) {
  if (number != 7) return std::make_error_code(std::errc::no_such_device);
  return std::string("seven");
}

TEST(ResultTest, ValueHasNoError) {
  const auto name = name_of(7);
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, "seven");
  EXPECT_EQ(name->size(), 5U);
  EXPECT_EQ(name.error(), std::error_code());
}

TEST(ResultTest, ErrorIsKept) {
  const auto name = name_of(8);
  EXPECT_FALSE(name);
  EXPECT_EQ(name.error(), std::errc::no_such_device);
}

TEST(ResultTest, ValueCanBeChanged) {
  auto name = name_of(7);
  *name += "teen";
  name->append("th");
  EXPECT_EQ(*name, "seventeenth");
}

TEST(ResultTest, AssignmentReplacesValueAndError) {
  auto name = name_of(8);
  name = name_of(7);
  EXPECT_TRUE(name);
  EXPECT_EQ(*name, "seven");
  name = name_of(8);
  EXPECT_EQ(name.error(), std::errc::no_such_device);
}

TEST(ResultTest, MovesValueThatCannotBeCopied) {
  auto number = std::make_unique<int>(7);
  const int* const address = number.get();
  Result<std::unique_ptr<int>> result = std::move(number);
  EXPECT_EQ(result->get(), address);
  const std::unique_ptr<int> moved = *std::move(result);
  EXPECT_EQ(moved.get(), address);
}

TEST(ResultTest, ValueOrReplacesOnlyAnError) {
  EXPECT_EQ(name_of(7).value_or("none"), "seven");
  EXPECT_EQ(name_of(8).value_or("none"), "none");
}

}  // namespace
}  // namespace iopslimit::result_test
