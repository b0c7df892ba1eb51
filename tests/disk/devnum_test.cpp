// SPDX-License-Identifier: Apache-2.0
#include "disk/devnum.hpp"

#include <gtest/gtest.h>

#include <string>

namespace iopslimit::devnum_test {
namespace {

TEST(Devnum, IsWrittenAndReadAsTheKernelDoes) {
  const Devnum rows[] = {{0, 0}, {8, 16}, {259, 0}, {259, 300}, {4095, 1048575}};
  for (const Devnum& row : rows) EXPECT_EQ(parse_devnum(to_string(row)), row) << to_string(row);
  EXPECT_EQ(to_string({259, 300}), "259:300");
}

TEST(Devnum, IsNothingElse) {
  const char* rows[] = {"",       ":",       "259",     "259:",    ":0",          "259:0 ",
                        " 259:0", "259: 0",  "259 :0",  "+259:0",  "-1:0",        "259:-1",
                        "0x8:0",  "259:0:1", "259:0\n", "nvme0n1", "4294967296:0"};
  for (const char* row : rows) EXPECT_EQ(parse_devnum(row), std::nullopt) << "'" << row << "'";
}

}  // namespace
}  // namespace iopslimit::devnum_test
