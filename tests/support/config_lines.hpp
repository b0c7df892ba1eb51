// SPDX-License-Identifier: Apache-2.0
// A configuration as a table of lines, for tests of config/config.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/config.hpp"

namespace iopslimit {

/// One line of a file; an empty key is the section line.
struct ConfigLine {
  std::string section;
  std::string key;
  std::string value;
  int line = 1;
  std::string file = "/c";
};

inline ParsedConfig parsed(const std::vector<ConfigLine>& lines) {
  std::vector<ConfigEntry> entries;
  entries.reserve(lines.size());
  for (const ConfigLine& one : lines) {
    entries.push_back({{one.file, one.line}, one.section, one.key, one.value});
  }
  return build_config(entries);
}

/// Lines, where their one error is, and words of its text.
struct ConfigErrorRow {
  std::vector<ConfigLine> lines;
  Origin at;
  std::vector<std::string> words;
};

/// Each row makes one error, there, with these words.
inline void expect_one_error(const std::vector<ConfigErrorRow>& rows) {
  for (const ConfigErrorRow& row : rows) {
    const ParsedConfig result = parsed(row.lines);
    SCOPED_TRACE("[" + row.lines.back().section + "] " + row.lines.back().key + " = " +
                 row.lines.back().value);
    for (const ConfigMessage& error : result.errors) SCOPED_TRACE(to_string(error));
    ASSERT_THAT(result.errors, testing::SizeIs(1));
    EXPECT_EQ(result.errors[0].origin, row.at);
    for (const std::string& word : row.words) {
      EXPECT_THAT(result.errors[0].text, testing::HasSubstr(word));
    }
  }
}

}  // namespace iopslimit
