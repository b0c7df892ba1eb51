// SPDX-License-Identifier: Apache-2.0
#include "limit/limit_text.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace iopslimit::limit_text_test {
namespace {

constexpr Devnum nvme{259, 0};

TEST(IoMax, AllFourKeysAlways) {
  EXPECT_EQ(format_io_max(nvme, {.read_iops = 500, .write_iops = 300}),
            "259:0 rbps=max wbps=max riops=500 wiops=300\n");
  EXPECT_EQ(format_io_max(nvme, {}), "259:0 rbps=max wbps=max riops=max wiops=max\n");
  EXPECT_EQ(format_io_max({8, 16}, {.read_bps = 1, .write_bps = max_bps}),
            "8:16 rbps=1 wbps=18446744073709551614 riops=max wiops=max\n");
}

struct ReadRow {
  const char* text;
  Limit limit;
};

TEST(IoMax, ReadsItsOwnDeviceOnly) {
  const ReadRow rows[] = {
      {"", {}},
      {"259:0 rbps=max wbps=max riops=500 wiops=300\n", {.read_iops = 500, .write_iops = 300}},
      {"8:0 rbps=max wbps=max riops=1 wiops=1\n259:0 rbps=7 wbps=8 riops=5 wiops=6\n",
       {.read_iops = 5, .write_iops = 6, .read_bps = 7, .write_bps = 8}},
      {"1259:0 rbps=max wbps=max riops=1 wiops=1\n", {}},
      {"259:01 riops=1\n", {}},
      {"259:0\n", {}},
      {"259:0 \n", {}},
      {"259:0 riops=500", {.read_iops = 500}},
      {"259:0 riops=5x wiops=-1 rbps= wbps\n", {}},
      {"259:0 riops=99999999999999999999999\n", {}},
      {"259:0 other=1 wiops=9\n", {.write_iops = 9}},
  };
  for (const ReadRow& row : rows) EXPECT_EQ(parse_io_max(row.text, nvme), row.limit) << row.text;
}

TEST(IoMax, WrittenTextParsesBack) {
  const Limit limit{.read_iops = 2, .write_iops = max_iops, .read_bps = 1048576, .write_bps = 0};
  EXPECT_EQ(parse_io_max(format_io_max(nvme, limit), nvme), limit);
}

TEST(Blkio, OneValueAFile) {
  EXPECT_EQ(format_blkio(nvme, 500), "259:0 500\n");
  EXPECT_EQ(format_blkio(nvme, 0), "259:0 0\n");
  EXPECT_EQ(parse_blkio("8:0 7\n259:0 500\n", nvme), 500U);
  EXPECT_EQ(parse_blkio("259:00 500\n", nvme), 0U);
  EXPECT_EQ(parse_blkio("259:0 five\n", nvme), 0U);
  EXPECT_EQ(parse_blkio("", nvme), 0U);
}

TEST(IoMax, DevicesOfAFile) {
  EXPECT_EQ(devices_in("259:0 rbps=max\n8:16 500\n"), (std::vector<Devnum>{nvme, {8, 16}}));
  EXPECT_EQ(devices_in("Total 5\n\n8:0\n259:0"), (std::vector<Devnum>{{8, 0}, nvme}));
  EXPECT_TRUE(devices_in("").empty());
}

}  // namespace
}  // namespace iopslimit::limit_text_test
