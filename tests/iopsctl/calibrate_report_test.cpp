// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/calibrate_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace iopslimit::calibrate_report_test {
namespace {

using testing::ElementsAre;

CalibrationReport sample() {
  CalibrationReport report;
  report.stack = {.mount = "/data",
                  .file_system = "ext4",
                  .members = {"nvme0n1p1"},
                  .devices = {{.name = "nvme0n1p1", .whole = "nvme0n1"},
                              {.name = "nvme0n1", .devnum = {259, 0}, .model = "KIOXIA\x1b[31m"}}};
  report.section = "[device logs]";
  report.file_bytes = 1U << 30U;
  report.seconds = 60;
  report.found.ladder = {
      {.depth = 1, .iops = 9999.6, .p50_usec = 84, .p99_usec = 1204, .seconds = {9999}},
      {.depth = 2, .iops = 412'000},
      {.depth = 4, .iops = 411'000, .p99_usec = 1'234'567}};
  report.found.read = report.found.ladder[1];
  report.found.mixed = {.depth = 2, .iops = 268'000};
  report.found.write = {.depth = 2, .iops = 188'000};
  report.found.sustained = {.depth = 2, .iops = 61'000};
  report.advice = {.total_iops = 48'000, .headroom = 7, .weakest = "sustained writes"};
  return report;
}

TEST(CalibrateScreen, EndsWithLinesForTheConfiguration) {
  EXPECT_THAT(calibrate_screen(sample(), {}),
              ElementsAre("/data: ext4 on nvme0n1 (KIOXIA?[31m)",
                          "LOAD              AT A TIME     IOPS      P50          P99",
                          "reads                     1   10,000  0.08 ms      1.20 ms",
                          "reads                     2  412,000  0.00 ms      0.00 ms",
                          "reads                     4  411,000  0.00 ms  1,234.57 ms",
                          "reads and writes          2  268,000  0.00 ms      0.00 ms",
                          "writes                    2  188,000  0.00 ms      0.00 ms",
                          "sustained writes          2   61,000  0.00 ms      0.00 ms", "",
                          "Reads reach 95 % of the most with 2 at a time.",
                          "For the configuration, 80 % of the weakest, which is: sustained writes.",
                          "", "[device logs]", "total_iops = 48000", "headroom = 7%"));
}

TEST(CalibrateJson, HasEverything) {
  const auto document = nlohmann::json::parse(calibrate_json(sample()));
  EXPECT_EQ(document["disks"].size(), 1U) << "the partition is no disk";
  EXPECT_EQ(document["disks"][0]["device"], "259:0");
  EXPECT_EQ(document["ladder"].size(), 3U);
  EXPECT_EQ(document["ladder"][0]["iops"], 9999.6);
  EXPECT_EQ(document["ladder"][0]["seconds"][0], 9999);
  EXPECT_EQ(document["read"]["depth"], 2);
  EXPECT_EQ(document["advice"]["section"], "[device logs]");
  EXPECT_EQ(document["advice"]["headroom"], 7);
}

}  // namespace
}  // namespace iopslimit::calibrate_report_test
