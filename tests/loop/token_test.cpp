// SPDX-License-Identifier: Apache-2.0
#include "loop/token.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace iopslimit::token_test {
namespace {

TEST(TakeToken, TakesOneAndItsSeparator) {
  std::string_view text = "a::b";
  EXPECT_EQ(take_token(text, ':'), "a");
  EXPECT_EQ(take_token(text, ':'), "") << "between two separators";
  EXPECT_EQ(take_token(text, ':'), "b");
  EXPECT_EQ(text, "");
  EXPECT_EQ(take_token(text, ':'), "");
}

TEST(Trimmed, TakesWhiteSpaceFromBothEnds) {
  for (const auto& [text, expected] : {std::pair<std::string_view, std::string_view>{"", ""},
                                       {" \t\r\n\v\f", ""},
                                       {"a", "a"},
                                       {" a b\n", "a b"},
                                       {"\xc2\xa0"
                                        "a",
                                        "\xc2\xa0"
                                        "a"}})
    EXPECT_EQ(trimmed(text), expected) << '"' << text << '"';
}

TEST(Alphanumeric, IsAsciiAlone) {
  int count = 0;
  for (int byte = 0; byte < 256; ++byte) count += is_alphanumeric(static_cast<char>(byte)) ? 1 : 0;
  EXPECT_EQ(count, 62);
  for (const char letter : std::string_view("09azAZ")) EXPECT_TRUE(is_alphanumeric(letter));
  for (const char letter : std::string_view("/:@[`{\xe4")) EXPECT_FALSE(is_alphanumeric(letter));
}

TEST(LastPlace, IsThatOfRfind) {
  for (const std::string_view text : {"", "a", "/", "/a", "a/", "/a/b", "//", "a/b/c"})
    EXPECT_EQ(last_place(text, '/'), text.rfind('/')) << text;
  EXPECT_EQ(last_place({}, '/'), std::string_view::npos) << "without data";
  const std::string_view part = std::string_view("a/b/c").substr(0, 2);
  EXPECT_EQ(last_place(part, '/'), 1U) << "nothing behind the end is looked at";
}

TEST(WholeNumber, IsTheWholeText) {
  EXPECT_EQ(whole_number("0"), std::optional<std::uint64_t>(0));
  EXPECT_EQ(whole_number("18446744073709551615"), std::optional<std::uint64_t>(UINT64_MAX));
  for (const std::string_view text : {"", " 1", "1 ", "+1", "-1", "1x", "18446744073709551616"})
    EXPECT_EQ(whole_number(text), std::nullopt) << '"' << text << '"';
}

}  // namespace
}  // namespace iopslimit::token_test
