// SPDX-License-Identifier: Apache-2.0
#include "metrics/textfile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/sample_metrics.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::textfile_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct TextFileTest : testing::Test {
  TempTree tree;
  EventLoop loop;
  std::string text = "new";
  std::vector<std::string> announced;
  TextFile file{loop,
                {.what = "the features",
                 .begin = in_one_piece([this] { return text; }),
                 .announce = [this](const Event& one) { announced.push_back(one.text); }},
                std::chrono::milliseconds(10)};
  std::string path = tree.at("m.prom");

  /// Until the timer has rung.
  void turn() { ASSERT_GT(sd_event_run(loop.event(), 30000000), 0); }
  ino_t inode() const {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0);
    return status.st_ino;
  }
};

TEST(MetricsText, AsNodeExporterReadsIt) {
  const std::string text = metrics_text(metrics_of(sample_measured()));
  EXPECT_THAT(text, HasSubstr("\n# TYPE iopslimit_drift_repaired_total counter\n"
                              "iopslimit_drift_repaired_total 2\n"));
  EXPECT_THAT(text, HasSubstr("iopslimit_container_limit_iops{namespace=\"shop\",pod=\"db-0\","
                              "container=\"db\",id=\"" +
                              sample_id('a') + "\",device=\"nvme0n1\",direction=\"read\"} 500\n"));
  EXPECT_THAT(text, HasSubstr("iopslimit_written_timestamp_seconds 2000000000\n"));
  EXPECT_THAT(text, HasSubstr("iopslimit_event_to_limit_seconds_bucket{le=\"+Inf\"} 2\n"));
}

TEST(MetricsText, QuotesAndBackslashesAreEscaped) {
  Measured measured = sample_measured();
  measured.snapshot.containers[0].pod = "a\"} 1\nevil_metric{x=\"\\\xFF";
  const std::string text = metrics_text(metrics_of(measured));
  EXPECT_THAT(text, HasSubstr("pod=\"a\\\"} 1?evil_metric{x=\\\"\\\\?\""));
  EXPECT_THAT(text, Not(HasSubstr("\nevil_metric")));
}

TEST_F(TextFileTest, EverybodyMayReadItWhateverTheUmask) {
  const mode_t before = umask(0077);
  file.write_to(path);
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0644U);
}

// A reader that has the old file open goes on reading the old one, whole; who reads every file of
// the folder passes over the new one until it is whole.
TEST_F(TextFileTest, IsReplacedAndNotWrittenInto) {
  tree.file("m.prom", "old");
  std::filesystem::create_hard_link(path, tree.at("held"));
  tree.file(".m.prom.new", "what a crash left");
  file.write_to(path);
  EXPECT_EQ(tree.text("held"), "old");
  EXPECT_EQ(tree.text("m.prom"), "new");
  EXPECT_FALSE(std::filesystem::exists(tree.at(".m.prom.new")));
}

TEST_F(TextFileTest, WrittenWhenItsTextHasChanged) {
  file.write_to(path);
  const ino_t first = inode();
  turn();
  EXPECT_EQ(inode(), first);
  text = "newer";
  while (tree.text("m.prom") != "newer") turn();
  EXPECT_NE(inode(), first);
}

TEST_F(TextFileTest, AtANewPathReplacesWhatIsThere) {
  file.write_to(path);
  tree.file("other.prom", "of an earlier run");
  file.write_to(tree.at("other.prom"));
  EXPECT_EQ(tree.text("other.prom"), "new");
}

TEST_F(TextFileTest, WrittenAgainWhenItIsGone) {
  file.write_to(path);
  tree.remove("m.prom");
  while (!std::filesystem::exists(path)) turn();
  EXPECT_EQ(tree.text("m.prom"), "new");
}

TEST_F(TextFileTest, NamesWhatCannotBeWritten) {
  file.write_to(tree.at("none/m.prom"));
  EXPECT_THAT(announced, ElementsAre("cannot write the features to " + tree.at("none/m.prom") +
                                     ": No such file or directory; limits are not affected"));
}

TEST(TextFileHint, OnlyForAForbiddenFile) {
  for (const auto error : {std::errc::read_only_file_system, std::errc::permission_denied})
    EXPECT_THAT(textfile_hint(std::make_error_code(error)), HasSubstr("/run/iops-limitd"));
  EXPECT_THAT(textfile_hint(std::make_error_code(std::errc::no_space_on_device)), IsEmpty());
}

}  // namespace
}  // namespace iopslimit::textfile_test
