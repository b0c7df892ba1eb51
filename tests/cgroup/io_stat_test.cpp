// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_stat.hpp"

#include <gtest/gtest.h>

namespace iopslimit::io_stat_test {
namespace {

TEST(IoStat, LinesOfTheKernel) {
  const IoCounts counts = parse_io_stat(
      "259:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0 cost.usage=3\n"
      "253:1 \n"
      "(unknown) rbytes=1 rios=1\n"
      "259:5 rios=x wios=7\n");
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_EQ(counts.at({259, 0}), (IoCount{1, 2, 4096, 8192}));
  EXPECT_EQ(counts.at({253, 1}), IoCount{});
  EXPECT_EQ(counts.at({259, 5}), (IoCount{0, 7, 0, 0}));
}

TEST(IoStat, BlkioFiles) {
  IoCounts counts;
  add_blkio_counts("259:0 Read 12\n259:0 Write 3\n259:0 Sync 15\n259:0 Total 15\nTotal 15\n", true,
                   counts);
  add_blkio_counts("259:0 Read 4096\n259:0 Write x\n", false, counts);
  EXPECT_EQ(counts, (IoCounts{{{259, 0}, {12, 3, 4096, 0}}}));
}

TEST(IoStat, Pressure) {
  EXPECT_EQ(parse_io_pressure("some avg10=1.00 avg60=0.50 avg300=0.10 total=1234\n"
                              "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n"),
            1234U);
  EXPECT_EQ(parse_io_pressure("full avg10=0.00 total=99\n"), std::nullopt);
  EXPECT_EQ(parse_io_pressure(""), std::nullopt);
}

}  // namespace
}  // namespace iopslimit::io_stat_test
