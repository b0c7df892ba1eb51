// SPDX-License-Identifier: Apache-2.0
#include "metrics/textfile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/sample_metrics.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<prometheus::MetricFamily> sample() {
  return metrics_of(sample_measured());
}

TEST(MetricsFile, AsNodeExporterReadsIt) {
  TempTree tree;
  ASSERT_EQ(write_metrics(tree.at("m.prom"), sample()), std::error_code());
  const std::string text = tree.text("m.prom");
  EXPECT_THAT(text, HasSubstr("\n# TYPE iopslimit_drift_repaired_total counter\n"
                              "iopslimit_drift_repaired_total 2\n"));
  EXPECT_THAT(text, HasSubstr("iopslimit_container_limit_iops{namespace=\"shop\",pod=\"db-0\","
                              "container=\"db\",id=\"" +
                              sample_id('a') + "\",device=\"nvme0n1\",direction=\"read\"} 500\n"));
  EXPECT_THAT(text, HasSubstr("iopslimit_written_timestamp_seconds 2000000000\n"));
  EXPECT_THAT(text, HasSubstr("iopslimit_event_to_limit_seconds_bucket{le=\"+Inf\"} 2\n"));
}

TEST(MetricsFile, QuotesAndBackslashesAreEscaped) {
  TempTree tree;
  Measured measured = sample_measured();
  measured.snapshot.containers[0].pod = "a\"} 1\nevil_metric{x=\"\\\xFF";
  ASSERT_EQ(write_metrics(tree.at("m.prom"), metrics_of(measured)), std::error_code());
  EXPECT_THAT(tree.text("m.prom"), HasSubstr("pod=\"a\\\"} 1?evil_metric{x=\\\"\\\\?\""));
  EXPECT_THAT(tree.text("m.prom"), Not(HasSubstr("\nevil_metric")));
}

TEST(MetricsFile, EverybodyMayReadItWhateverTheUmask) {
  TempTree tree;
  const mode_t before = umask(0077);
  const std::error_code error = write_metrics(tree.at("m.prom"), sample());
  umask(before);
  ASSERT_EQ(error, std::error_code());
  struct stat status {};
  ASSERT_EQ(stat(tree.at("m.prom").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

// A reader that has the old file open goes on reading the old one, whole.
TEST(MetricsFile, IsReplacedAndNotWrittenInto) {
  TempTree tree;
  tree.file("m.prom", "old");
  std::filesystem::create_hard_link(tree.at("m.prom"), tree.at("held"));
  ASSERT_EQ(write_metrics(tree.at("m.prom"), sample()), std::error_code());
  EXPECT_EQ(tree.text("held"), "old");
  EXPECT_THAT(tree.text("m.prom"), HasSubstr("iopslimit_build_info"));
  EXPECT_FALSE(std::filesystem::exists(tree.at("m.prom.new")));
}

TEST(MetricsFile, AFolderThatIsNotThere) {
  TempTree tree;
  EXPECT_EQ(write_metrics(tree.at("none/m.prom"), sample()), std::errc::no_such_file_or_directory);
}

TEST(MetricsFile, ForbiddenFileGivesAHint) {
  for (const auto error : {std::errc::read_only_file_system, std::errc::permission_denied})
    EXPECT_THAT(metrics_hint(std::make_error_code(error)), HasSubstr("/run/iops-limitd"));
  EXPECT_THAT(metrics_hint(std::make_error_code(std::errc::no_space_on_device)), IsEmpty());
}

TEST(MetricsFile, RemovedOnce) {
  TempTree tree;
  tree.file("m.prom", "old");
  remove_metrics(tree.at("m.prom"));
  remove_metrics(tree.at("m.prom"));
  EXPECT_FALSE(std::filesystem::exists(tree.at("m.prom")));
}

}  // namespace
}  // namespace iopslimit
