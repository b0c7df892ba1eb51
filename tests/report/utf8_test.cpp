// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.hpp"

#include <gtest/gtest.h>

namespace iopslimit {
namespace {

TEST(PlainText, KeepsText) {
  for (const char* text :
       {"", "web", "größe", "…", "\xF0\x9F\x98\x80", "\xC2\xA0", "ह", "한", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(sanitize_utf8(text), text);
}

TEST(PlainText, NothingMovesTheCursorAndTheBusTakesIt) {
  EXPECT_EQ(sanitize_utf8("a\x1b[2Jb\n\t\x7f"), "a?[2Jb???");
  EXPECT_EQ(sanitize_utf8("\xC2\x9B"), "??") << "a C1 control";
  EXPECT_EQ(sanitize_utf8("\xFFx\xC3"), "?x?");
  EXPECT_EQ(sanitize_utf8("\xC0\xAF"), "??") << "overlong";
  EXPECT_EQ(sanitize_utf8("\xED\xA0\x80"), "???") << "a surrogate";
  EXPECT_EQ(sanitize_utf8("\xF4\x90\x80\x80"), "????") << "past U+10FFFF";
  EXPECT_EQ(sanitize_utf8("\xE0\x80\xAF"), "???") << "overlong";
  EXPECT_EQ(sanitize_utf8("\xF0\x80\x80\xAF"), "????") << "overlong";
  EXPECT_EQ(sanitize_utf8("\xE2\x82x"), "??x") << "cut short";
  EXPECT_EQ(sanitize_utf8("\xF0\x9F\x98x"), "???x") << "cut short";
  EXPECT_EQ(plain_lines("a\nb\x1b"), "a\nb?");
}

}  // namespace
}  // namespace iopslimit
