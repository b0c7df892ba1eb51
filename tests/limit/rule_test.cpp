// SPDX-License-Identifier: Apache-2.0
#include "limit/rule.hpp"

#include <gtest/gtest.h>

namespace iopslimit::rule_test {
namespace {

struct TextRow {
  std::vector<Rule> rules;
  const char* text;
};

TEST(Rules, TextNamesALimitOnceForItsDevices) {
  const TextRow rows[] = {
      {{}, ""},
      {{{{259, 0}, symmetric(500)}}, "read 500 IOPS, write 500 IOPS on 259:0"},
      {{{{259, 0}, symmetric(500)}, {{8, 16}, symmetric(500)}},
       "read 500 IOPS, write 500 IOPS on 259:0, 8:16"},
      {{{{259, 0}, symmetric(500)}, {{8, 16}, symmetric(9)}, {{8, 32}, symmetric(9)}},
       "read 500 IOPS, write 500 IOPS on 259:0; read 9 IOPS, write 9 IOPS on 8:16, 8:32"},
  };
  for (const TextRow& row : rows) EXPECT_EQ(to_string(row.rules), row.text);
}

}  // namespace
}  // namespace iopslimit::rule_test
