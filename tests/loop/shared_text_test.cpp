// SPDX-License-Identifier: Apache-2.0
#include "loop/shared_text.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace iopslimit::shared_text_test {
namespace {

TEST(SharedTextTest, SharesOneTextAmongItsCopies) {
  const SharedText text("/kubepods.slice/kubepods-burstable.slice");
  std::set<SharedText, std::less<>> table{text};
  const SharedText copy = text;
  EXPECT_EQ(&table.begin()->str(), &text.str());
  EXPECT_EQ(&copy.str(), &text.str());
}

TEST(SharedTextTest, ComparesByTheCharacters) {
  const SharedText text("/pod/a");
  EXPECT_EQ(text, SharedText(std::string("/pod/a")));
  EXPECT_EQ(text, std::string("/pod/a"));
  EXPECT_NE(text, "/pod/b");
  EXPECT_LT(text, SharedText("/pod/b"));
  EXPECT_LT(text, std::string_view("/pod/b"));
}

TEST(SharedTextTest, IsFoundByAnyKindOfText) {
  const std::set<SharedText, std::less<>> table{"/pod/a", "/pod/b"};
  EXPECT_TRUE(table.contains(std::string_view("/pod/b")));
  EXPECT_TRUE(table.contains(std::string("/pod/a")));
  EXPECT_FALSE(table.contains("/pod"));
}

TEST(SharedTextTest, IsEmptyAtFirst) {
  EXPECT_TRUE(SharedText().empty());
  EXPECT_TRUE(SharedText("").empty());
  EXPECT_EQ(SharedText(), "");
  EXPECT_EQ(SharedText().str(), "");
}

}  // namespace
}  // namespace iopslimit::shared_text_test
