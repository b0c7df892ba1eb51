// SPDX-License-Identifier: Apache-2.0
#include "report/utf8.hpp"

#include <gtest/gtest.h>

namespace iopslimit::utf8_test {
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

TEST(PlainText, NothingIsUnseenOrTurnsTheTextAroundIt) {
  for (const char* text :
       {"\u202e", "\u202a", "\u2066",     "\u2069",     "\u200e", "\u200f", "\u061c", "\u2028",
        "\u2029", "\u200b", "\u200c",     "\u200d",     "\u2060", "\ufeff", "\u00ad", "\u3164",
        "\u115f", "\ufe0f", "\U000e0041", "\U000e0101", "\ufff9", "\u180e"})
    EXPECT_EQ(sanitize_utf8(std::string("a") + text + "b"), "a?b") << text;
  EXPECT_EQ(plain_lines("a\u202eb\nc\xC2\x85"), "a?b\nc??");
  for (const char* text : {"\u2027", "\u202f", "\u2070", "\u065f", "\ufffd", "\u00ae"})
    EXPECT_EQ(sanitize_utf8(text), text);
}

}  // namespace
}  // namespace iopslimit::utf8_test
