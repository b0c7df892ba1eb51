// SPDX-License-Identifier: Apache-2.0
#include "config/ini_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iopslimit::ini_reader_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

ConfigText read_text(const std::string& text) {
  ConfigText out;
  read_ini_text(text, "/c", out);
  return out;
}

// "4 [limits] iops = 500", as a test can compare it; section lines are left out.
std::vector<std::string> keys(const ConfigText& text) {
  std::vector<std::string> all;
  for (const ConfigEntry& one : text.entries) {
    if (one.key.empty()) continue;
    all.push_back(std::to_string(one.origin.line) + " [" + one.section + "] " + one.key + " = " +
                  one.value);
  }
  return all;
}

void expect_no_errors(const ConfigText& text) {
  for (const ConfigMessage& error : text.errors) ADD_FAILURE() << to_string(error);
}

struct GoodRow {
  std::string text;
  std::vector<std::string> keys;
};

TEST(IniText, GoodLines) {
  const GoodRow rows[] = {
      {"", {}},
      {"\n\n# one\n; two\n", {}},
      {"[a]\nk = v\n", {"2 [a] k = v"}},
      {"[a]\nk=v", {"2 [a] k = v"}},                                // no end of line
      {"\xEF\xBB\xBF[a]\r\nk = v\r\n", {"2 [a] k = v"}},            // byte order mark, CRLF
      {"[a]\n\tk = 1\n  l = 2\n", {"2 [a] k = 1", "3 [a] l = 2"}},  // no continuation
      {"  [a]  ; text\nk = v ; text # more\n", {"2 [a] k = v"}},    //
      {"[a]\nk =\nl = ; text\n", {"2 [a] k = ", "3 [a] l = "}},     //
      {"[a b]\nk = x=y:z\n", {"2 [a b] k = x=y:z"}},                //
      {"[a]\nk = a#b\n", {"2 [a] k = a#b"}},                        // part of a word
      {"[a]\nk = two words\n", {"2 [a] k = two words"}},            //
      {"k = v\n[a]\nk = v\n", {"1 [] k = v", "3 [a] k = v"}},       //
      {"[a]\nk = 1\nk = 2\n", {"2 [a] k = 1", "3 [a] k = 2"}},      // core refuses it
      {"[a]\nlabel.app.kubernetes.io/name = v\n", {"2 [a] label.app.kubernetes.io/name = v"}},
      {"[" + std::string(49, 's') + "]\n" + std::string(49, 'k') + " = v\n",
       {"2 [" + std::string(49, 's') + "] " + std::string(49, 'k') + " = v"}},
      {"# " + std::string(9000, 'x') + "\n[a]\nk = v\n", {"3 [a] k = v"}},
  };
  for (const GoodRow& row : rows) {
    SCOPED_TRACE(row.text.substr(0, 80));
    const ConfigText text = read_text(row.text);
    expect_no_errors(text);
    EXPECT_EQ(keys(text), row.keys);
  }
}

TEST(IniText, ALongListFitsOnItsLine) {
  const std::string value(4096 - 2 - 4, 'x');  // inih's line, less the end and the NUL, less "k = "
  EXPECT_EQ(keys(read_text("[a]\nk = " + value + "\nl = 1\n")),
            (std::vector<std::string>{"2 [a] k = " + value, "3 [a] l = 1"}));
}

TEST(IniText, ASectionLineIsAnEntry) {
  const ConfigText text = read_text("\n[policy db]\n[limits]\n");
  ASSERT_THAT(text.entries, SizeIs(2));
  EXPECT_EQ(text.entries[0].section, "policy db");
  EXPECT_EQ(text.entries[0].key, "");
  EXPECT_EQ(text.entries[0].origin, (Origin{"/c", 2}));
  EXPECT_EQ(text.entries[1].origin, (Origin{"/c", 3}));
}

struct BadRow {
  std::string line;
  std::vector<std::string> words;
};

// Each is line 2 of three: it is refused there, and its neighbours are read.
TEST(IniText, BadLines) {
  const BadRow rows[] = {
      {std::string("k = a\0b", 7), {"NUL byte", "plain text (UTF-8)"}},
      {std::string("\0", 1), {"NUL byte"}},
      {std::string("# \0", 3), {"NUL byte"}},
      {"k = " + std::string(4096 - 2 - 3, 'x'), {"4095 bytes long", "4094 is the most", "shorten"}},
      {std::string(50, 'k') + " = v", {"the key name 'kkk", "50 bytes long", "49 is the most"}},
      {"no separator", {"'no separator' is neither [section] nor key = value"}},
      {"limits]", {"neither [section] nor key = value"}},
      {"k: v", {"':' before any '='", "write key = value"}},
      {"image:tag = v", {"':' before any '='"}},
      {"= v", {"has no key before '='"}},
      {"k ; = v", {"neither [section] nor key = value"}},
      {"k = 500 # text",
       {"'#' does not begin a comment after a value", "a line of its own", "' ;'"}},
      {"k = 500\t#text", {"'#' does not begin a comment"}},
      {"k = # 500", {"'#' does not begin a comment"}},
      {"k =#500", {"'#' does not begin a comment"}},
      {"k = 500;text", {"';' begins a comment only after a space"}},
      {"k =;", {"';' begins a comment only after a space"}},
  };
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.line.substr(0, 80));
    const ConfigText text = read_text("[a]\n" + row.line + "\nlast = 1\n");
    EXPECT_THAT(keys(text), ElementsAre("3 [a] last = 1"));
    ASSERT_THAT(text.errors, SizeIs(1));
    EXPECT_EQ(text.errors[0].origin, (Origin{"/c", 2}));
    for (const std::string& word : row.words) EXPECT_THAT(text.errors[0].text, HasSubstr(word));
  }
}

// The keys under a bad section line belong nowhere: not to the section before.
TEST(IniText, BadSectionLines) {
  const BadRow rows[] = {
      {"[b", {"'[b' has no closing ']'"}},
      {"[b ;]", {"no closing ']'"}},
      {"[]", {"a section without a name"}},
      {"[  ]", {"a section without a name"}},
      {"[" + std::string(50, 's') + "]",
       {"the section name 'sss", "50 bytes long", "49 is the most"}},
      {"[" + std::string(5000, 's') + "]", {"the line is 5002 bytes long"}},
      {"[b] text", {"'text' stands after [b]", "a line of its own"}},
      {"[b] # text", {"'# text' stands after [b]", "' ;'"}},
      {"[b];text", {"';text' stands after [b]"}},
      {"[b]k = v", {"'k = v' stands after [b]"}},
      {"[[b]]", {"']' stands after [[b]"}},
  };
  for (const BadRow& row : rows) {
    SCOPED_TRACE(row.line.substr(0, 80));
    const ConfigText text = read_text("[a]\n" + row.line + "\nk = 1\nnonsense\n[c]\nl = 2\n");
    EXPECT_THAT(keys(text), ElementsAre("6 [c] l = 2"));
    ASSERT_THAT(text.errors, SizeIs(1));
    EXPECT_EQ(text.errors[0].origin, (Origin{"/c", 2}));
    for (const std::string& word : row.words) EXPECT_THAT(text.errors[0].text, HasSubstr(word));
  }
}

TEST(IniText, ABinaryFileDoesNotFillTheJournal) {
  std::string binary;
  for (int line = 0; line < 10000; ++line) binary += "garbage\n";
  const ConfigText text = read_text(binary);
  ASSERT_THAT(text.errors, SizeIs(50));
  EXPECT_EQ(text.errors.back().origin, (Origin{"/c", 50}));
  EXPECT_THAT(text.errors.back().text, HasSubstr("the rest of the file was not read"));
}

}  // namespace
}  // namespace iopslimit::ini_reader_test
