// SPDX-License-Identifier: Apache-2.0
#include "config/spelling.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace iopslimit::spelling_test {
namespace {

const std::vector<std::string_view> known = {"iops",     "read_iops", "write_iops", "bps",
                                             "read_bps", "write_bps", "total_iops", "scope"};

struct NearestRow {
  std::string word;
  std::optional<std::string> nearest;
};

TEST(NearestName, Table) {
  const NearestRow rows[] = {
      {"iops", "iops"},              // itself
      {"iopss", "iops"},             // one too many
      {"iop", "iops"},               // one missing
      {"iopz", "iops"},              // one changed
      {"ipos", "iops"},              // two swapped: one slip, not two
      {"IOPS", "iops"},              // upper case is no slip
      {"bsp", "bps"},                // short and swapped
      {"read iops", "read_iops"},    // a space for an underscore
      {"readiops", "read_iops"},     //
      {"write_iosp", "write_iops"},  //
      {"total-iops", "total_iops"},  //
      {"", std::nullopt},            //
      {"xyz", std::nullopt},         // three of three letters wrong
      {"io", std::nullopt},          // two slips in a short word are too many
      {"nothing", std::nullopt},     //
      {std::string(5000, 'i'), std::nullopt},
  };
  for (const NearestRow& row : rows) {
    EXPECT_EQ(nearest_name(row.word, known), row.nearest) << "word: " << row.word;
  }
}

TEST(NearestName, FirstOnATie) {
  EXPECT_EQ(nearest_name("v3", {"v1", "v2"}), "v1");
  EXPECT_EQ(nearest_name("v3", {}), std::nullopt);
}

struct QuotedRow {
  std::string word;
  std::string quoted;
};

TEST(InQuotes, Table) {
  const QuotedRow rows[] = {
      {"", "''"},
      {"abc", "'abc'"},
      {"a\tb\x1b[31m\n", "'a?b?[31m?'"},
      {std::string("a\0b", 3), "'a?b'"},
      {"gr\xC3\xBC\xC3\x9F", "'gr\xC3\xBC\xC3\x9F'"},
      {std::string(60, 'x'), "'" + std::string(60, 'x') + "'"},
      {std::string(61, 'x'), "'" + std::string(60, 'x') + "...'"},
      // 59 bytes and a two-byte character: it is left out as a whole.
      {std::string(59, 'x') + "\xC3\xBC!", "'" + std::string(59, 'x') + "...'"},
  };
  for (const QuotedRow& row : rows) EXPECT_EQ(in_quotes(row.word), row.quoted);
}

}  // namespace
}  // namespace iopslimit::spelling_test
