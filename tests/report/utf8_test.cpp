// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.hpp"

#include <gtest/gtest.h>

namespace iopslimit {
namespace {

TEST(PlainText, KeepsText) {
  for (const char* text :
       {"", "web", "größe", "…", "\xF0\x9F\x98\x80", "\xC2\xA0", "ह", "한", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(plain_text(text), text);
}

TEST(PlainText, NothingMovesTheCursorAndTheBusTakesIt) {
  EXPECT_EQ(plain_text("a\x1b[2Jb\n\t\x7f"), "a?[2Jb???");
  EXPECT_EQ(plain_text("\xC2\x9B"), "??") << "a C1 control";
  EXPECT_EQ(plain_text("\xFFx\xC3"), "?x?");
  EXPECT_EQ(plain_text("\xC0\xAF"), "??") << "overlong";
  EXPECT_EQ(plain_text("\xED\xA0\x80"), "???") << "a surrogate";
  EXPECT_EQ(plain_text("\xF4\x90\x80\x80"), "????") << "past U+10FFFF";
  EXPECT_EQ(plain_text("\xE0\x80\xAF"), "???") << "overlong";
  EXPECT_EQ(plain_text("\xF0\x80\x80\xAF"), "????") << "overlong";
  EXPECT_EQ(plain_text("\xE2\x82x"), "??x") << "cut short";
  EXPECT_EQ(plain_text("\xF0\x9F\x98x"), "???x") << "cut short";
  EXPECT_EQ(plain_lines("a\nb\x1b"), "a\nb?");
}

TEST(PlainText, IsCutByCodePoints) {
  EXPECT_EQ(width_of("größe"), 5U);
  EXPECT_EQ(cut_to("größe", 5), "größe");
  EXPECT_EQ(cut_to("größen", 4), "grö…");
  EXPECT_EQ(cut_to("abc", 1), "…");
  EXPECT_EQ(cut_to("abc", 0), "");
}

}  // namespace
}  // namespace iopslimit
