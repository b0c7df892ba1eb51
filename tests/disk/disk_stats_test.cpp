// SPDX-License-Identifier: Apache-2.0
#include "disk/disk_stats.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/temp_tree.hpp"

namespace iopslimit::disk_stats_test {
namespace {

const std::string line =
    "   41025       17  2621234    30112     9001       23   118024    51277        3    61000   "
    "  83911      101        0  4194304      881       77     1641\n";
constexpr DiskStats expected{.read_ios = 41025,
                             .read_sectors = 2621234,
                             .read_msec = 30112,
                             .write_ios = 9001,
                             .write_sectors = 118024,
                             .write_msec = 51277,
                             .in_flight = 3,
                             .io_ticks_msec = 61000,
                             .time_in_queue_msec = 83911};

TEST(DiskStats, HasTheFieldsOfEveryKernel) {
  const std::string eleven = line.substr(0, line.find("      101")) + "\n";
  EXPECT_EQ(parse_disk_stats(line), expected);
  EXPECT_EQ(parse_disk_stats(eleven), expected) << "before 4.18 there are eleven numbers";
}

TEST(DiskStats, RefusesOtherText) {
  const char* rows[] = {"",
                        "\n",
                        "1 2 3 4 5 6 7 8 9 10",
                        "1 2 3 4 5 6 7 8 9 10\n11",
                        "1 2 3 4 x 6 7 8 9 10 11",
                        "1 2 3 4 -5 6 7 8 9 10 11",
                        "1 2 3 4 5.5 6 7 8 9 10 11",
                        "99999999999999999999 2 3 4 5 6 7 8 9 10 11"};
  for (const char* row : rows) EXPECT_EQ(parse_disk_stats(row), std::nullopt) << "'" << row << "'";
}

TEST(DiskStats, AreReadByTheNumberOfTheDevice) {
  const TempTree blocks;
  blocks.file("259:0/stat", line);
  blocks.file("259:1/stat", "no numbers\n");
  const auto stats = read_disk_stats(blocks.root(), {259, 0});
  ASSERT_TRUE(stats) << stats.error().message();
  EXPECT_EQ(*stats, expected);
  EXPECT_EQ(read_disk_stats(blocks.root(), {259, 1}).error(), std::errc::bad_message);
  EXPECT_EQ(read_disk_stats(blocks.root(), {259, 2}).error(), std::errc::no_such_file_or_directory);
}

}  // namespace
}  // namespace iopslimit::disk_stats_test
