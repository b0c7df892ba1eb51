// SPDX-License-Identifier: Apache-2.0
// When the file of metrics is written, and what is counted on the way.
#include "metrics/exporter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/sample_advice.hpp"
#include "support/sample_snapshot.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::exporter_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds period{10};

struct MetricsExporterTest : testing::Test {
  TempTree tree;
  EventLoop loop;
  Snapshot snapshot = sample_snapshot();
  std::vector<std::string> announced;
  std::optional<MetricsExporter> exporter;
  std::string path = tree.at("m.prom");
  unsigned pieces = 0;
  Clock::duration spent{0};  // on a piece

  void SetUp() override {
    tree.folder("cgroup");
    exporter.emplace(loop, Hierarchy{.version = CgroupVersion::v2, .root = tree.at("cgroup")},
                     MetricsExporter::Needs{
                         .summary = [this] { return summary_of(snapshot); },
                         .containers =
                             [this](const std::string& after) {
                               ++pieces;
                               const auto begin = Clock::now();
                               while (Clock::now() - begin < spent) {
                               }
                               return containers_after(snapshot, after);
                             },
                         .advice = sample_advice_after,
                         .announce = [this](const Event& one) { announced.push_back(one.text); }},
                     period);
  }
  std::string text() const { return tree.text("m.prom"); }
  /// Until the timer has rung.
  void turn() { ASSERT_GT(sd_event_run(loop.event(), 30000000), 0); }
  void have_many_containers() {
    const auto some = snapshot.containers;
    for (int times = 100; times < 150; ++times) {
      for (WorkloadView one : some) {
        one.path.id.replace(0, 3, std::to_string(times));
        one.path.cgroup = "/kubepods/" + one.path.id;
        snapshot.containers.push_back(one);
      }
    }
    std::ranges::sort(snapshot.containers, {},
                      [](const WorkloadView& one) { return one.path.cgroup; });
  }
  bool there() const { return std::filesystem::exists(path); }
  void write() { exporter->write_to(path); }
};

TEST_F(MetricsExporterTest, OffUntilAPathIsNamedAndOffAgain) {
  EXPECT_FALSE(there());
  write();
  EXPECT_THAT(text(), HasSubstr("iopslimit_containers{state=\"limited\"} 2\n"));
  exporter->write_to("");
  EXPECT_FALSE(there());
  EXPECT_THAT(announced, IsEmpty());
}

TEST_F(MetricsExporterTest, AnotherPathTakesTheOldFileAway) {
  write();
  exporter->write_to(tree.at("n.prom"));
  EXPECT_FALSE(there());
  EXPECT_THAT(tree.text("n.prom"), HasSubstr("iopslimit_build_info"));
}

TEST_F(MetricsExporterTest, AServiceThatEndsLeavesNoFile) {
  write();
  exporter.reset();
  EXPECT_FALSE(there());
}

TEST_F(MetricsExporterTest, WrittenAgainByItself) {
  write();
  tree.remove("m.prom");
  while (!there()) turn();
  EXPECT_THAT(text(), HasSubstr("iopslimit_build_info"));
}

TEST_F(MetricsExporterTest, WritesTheKernelsCounts) {
  const std::string cgroup = "cgroup" + snapshot.containers[0].path.cgroup;
  tree.file(cgroup + "/io.stat", "259:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n");
  tree.file(cgroup + "/io.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n");
  write();
  const std::string labels =
      "{namespace=\"shop\",pod=\"db-0\",container=\"db\",id=\"" + sample_id('a') + "\"";
  EXPECT_THAT(text(), HasSubstr("iopslimit_container_bytes_total" + labels + ",device="));
  EXPECT_THAT(text(), HasSubstr(",direction=\"read\"} 4096\n"));
  EXPECT_THAT(text(), HasSubstr("_io_stalled_seconds_total" + labels + "} 1.5\n"));
}

TEST_F(MetricsExporterTest, EachFamilyOfManyContainersComesOnce) {
  have_many_containers();
  write();
  const std::string whole = text();
  for (const char* comment : {"# TYPE iopslimit_container_state gauge\n",
                              "# HELP iopslimit_advised_iops ", "# TYPE iopslimit_containers "}) {
    const auto at = whole.find(comment);
    ASSERT_NE(at, std::string::npos) << comment;
    EXPECT_EQ(whole.find(comment, at + 1), std::string::npos) << comment;
  }
  for (const WorkloadView& one : snapshot.containers) {
    if (one.state == State::sandbox) continue;
    EXPECT_THAT(whole, HasSubstr("iopslimit_container_state{namespace=\"" + one.pod_namespace +
                                 "\",pod=\"" + one.pod + "\",container=\"" + one.name + "\",id=\"" +
                                 one.path.id + "\""));
  }
  EXPECT_THAT(whole, HasSubstr("\niopslimit_advised_iops{namespace=\"shop\",workload=\"db\""));
  EXPECT_EQ(whole.back(), '\n');
}

// A container that comes meanwhile waits for one piece at most.
TEST_F(MetricsExporterTest, GivesWayAfterEachPiece) {
  have_many_containers();
  write();
  pieces = 0;
  spent = std::chrono::milliseconds(3);
  std::set<unsigned> between;  // so many pieces were made when another event got its turn
  Timer other(loop, [&] { between.insert(pieces); });
  other.every(std::chrono::microseconds(100));
  const std::size_t all = snapshot.containers.size() / 32 + 1;
  while (pieces < all) turn();
  for (unsigned count = 1; count < all; ++count) EXPECT_TRUE(between.contains(count)) << count;
}

TEST_F(MetricsExporterTest, AnnouncesAnErrorOnceAndItsEnd) {
  path = tree.at("folder/m.prom");
  write();
  ASSERT_THAT(announced, ElementsAre("cannot write the metrics to " + path +
                                     ": No such file or directory; limits are not affected"));
  turn();
  EXPECT_EQ(announced.size(), 1U);
  tree.folder("folder");
  while (!there()) turn();
  ASSERT_EQ(announced.size(), 2U);
  EXPECT_EQ(announced[1], "the metrics are written to " + path + " again");
}

TEST_F(MetricsExporterTest, DecisionsAreCountedByOutcome) {
  for (const Action action : {Action::limited, Action::limited, Action::exempted,
                              Action::limit_failed, Action::reloaded, Action::repaired})
    exporter->on_event(service_event(Severity::info, action, "x"));
  write();
  EXPECT_THAT(text(), HasSubstr("_decisions_total{outcome=\"limited\"} 2\n"));
  EXPECT_THAT(text(), HasSubstr("_decisions_total{outcome=\"exempted\"} 1\n"));
  EXPECT_THAT(text(), HasSubstr("_decisions_total{outcome=\"failed\"} 1\n"));
}

TEST_F(MetricsExporterTest, OnlyLimitsThatEventsLedToAreTimed) {
  exporter->dealt_with(1);  // a record that came late
  exporter->events_begin(1);
  exporter->dealt_with(1);  // exempt: nothing was written
  exporter->dealt_with(2);
  exporter->dealt_with(2);
  exporter->dealt_with(4);
  exporter->events_over();
  exporter->dealt_with(5);  // the safety net's
  write();
  EXPECT_THAT(text(), HasSubstr("iopslimit_event_to_limit_seconds_count 2\n"));
  EXPECT_THAT(text(), Not(HasSubstr("iopslimit_event_to_limit_seconds_sum 0\n")));
}

TEST_F(MetricsExporterTest, TimesEachRecall) {
  exporter->recalled(std::chrono::milliseconds(3));
  exporter->recalled(std::chrono::milliseconds(40));
  write();
  EXPECT_THAT(text(), HasSubstr("iopslimit_recall_seconds_count 2\n"));
  EXPECT_THAT(text(), HasSubstr("iopslimit_recall_seconds_bucket{le=\"0.005\"} 1\n"));
}

}  // namespace
}  // namespace iopslimit::exporter_test
