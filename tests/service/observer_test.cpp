// SPDX-License-Identifier: Apache-2.0
#include "service/observer.hpp"

#include <gmock/gmock.h>
#include <systemd/sd-event.h>

#include <map>
#include <memory>

#include "advice/history_file.hpp"
#include "support/driven_controller.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::observer_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum nvme{259, 0};
const std::string root = "/kubepods";
const std::string pod = root + "/burstable/pod0a1b2c3d-0000-4000-8000-000000000000/";
constexpr std::chrono::milliseconds period{1};  // of the timer; the clock is the test's

MountFacts stack_on_disk() {
  DataStack stack{.mount = "/data", .file_system = "ext4", .members = {"nvme0n1"}};
  stack.devices = {{.name = "nvme0n1", .devnum = nvme, .identity = "x"}};
  return stack;
}

/// Containers whose counters the test sets, and a clock that it moves.
class ObserverTest : public testing::TestWithParam<CgroupVersion> {
 protected:
  TempTree tree;
  EventLoop loop;
  DrivenController driven;
  Hierarchy hierarchy{GetParam(), tree.root()};
  std::vector<std::string> said;
  std::uint64_t now = 29000000ULL * 60;
  std::chrono::milliseconds monotonic{1000};
  std::map<std::string, double> done;  // reads
  std::unique_ptr<Observer> observer;

  void start(bool dry_run = false) {
    Config config{.limit = symmetric(500), .total_iops = 3000};
    config.dry_run = dry_run;
    Controller& controller = driven.start(std::move(config), {}, GetParam());
    controller.on_disks({.mounts = {stack_on_disk()}, .system_mounts = {}, .identities = {}});
    controller.on_appeared(parse_cgroup(root), NoRecord{});
  }
  void observe() {
    observer = std::make_unique<Observer>(
        loop, hierarchy, *driven.controller, tree.at("/history"),
        [this](const Event& event) { said.push_back(event.text); },
        ObserverClock{.period = period,
                      .now = [this] { return now; },
                      .monotonic = [this] { return monotonic; }});
    write_counters();
    observer->check();
  }
  std::string add(char id, const std::string& pod_name, const std::string& container = "main") {
    const std::string cgroup = pod + std::string(64, id);
    driven.controller->on_appeared(
        parse_cgroup(cgroup), Record{.name = container, .pod = pod_name, .pod_namespace = "shop"});
    done[cgroup] = 1000;
    write_counters();
    return cgroup;
  }
  void write_counters() {
    double sum = 0;
    for (const auto& [cgroup, ios] : done) {
      write_counter(cgroup, ios, "io_serviced");
      sum += ios;
    }
    write_counter(root, sum, "io_serviced_recursive");
  }
  void write_counter(const std::string& cgroup, double ios, const std::string& file) {
    const std::string count = std::to_string(static_cast<std::uint64_t>(ios));
    if (GetParam() == CgroupVersion::v2)
      return tree.file(cgroup + "/io.stat", "259:0 rbytes=0 wbytes=0 rios=" + count + " wios=0\n");
    tree.file(cgroup + "/blkio.throttle." + file, "259:0 Read " + count + "\n259:0 Write 0\n");
    const std::string bytes =
        file == "io_serviced" ? "io_service_bytes" : "io_service_bytes_recursive";
    tree.file(cgroup + "/blkio.throttle." + bytes, "259:0 Read 0\n");
  }
  /// One reading after 15 s in which the containers did so many reads per second.
  void work(const std::map<std::string, double>& rates) {
    constexpr std::uint64_t seconds = 15;
    constexpr std::uint64_t most_usec = 1000000;
    now += seconds;
    monotonic += std::chrono::seconds(seconds);
    for (const auto& [cgroup, iops] : rates) done[cgroup] += iops * seconds;
    write_counters();
    if (!observer->asleep()) sd_event_run(loop.event(), most_usec);
  }
  /// Some minutes of work, and the reading that finds that they are over.
  void work_minutes(const std::map<std::string, double>& rates, int minutes = 3) {
    if (!observer) observe();
    work(rates);
    observer->check();
    for (int i = 0; i < 4 * minutes; ++i) work(rates);
    now += 60;
    work({});
    ASSERT_TRUE(observer->asleep());
  }
  Advice advice(const std::string& workload = "db") {
    for (Advice& one : observer->advice()) {
      if (one.workload == workload) return one;
    }
    return {};
  }
  static double number(std::uint64_t value) { return static_cast<double>(value); }
};

INSTANTIATE_TEST_SUITE_P(OfBothHierarchies, ObserverTest,
                         testing::Values(CgroupVersion::v1, CgroupVersion::v2),
                         [](const auto& version) {
                           return version.param == CgroupVersion::v1 ? "v1" : "v2";
                         });

TEST_P(ObserverTest, ShowsWhatAWorkloadUses) {
  start();
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 300}});
  const Advice one = advice();
  EXPECT_EQ(one.pod_namespace, "shop");
  EXPECT_EQ(one.container, "main");
  EXPECT_EQ(one.pods, "db-*");
  EXPECT_EQ(one.read.limit, 500U);
  EXPECT_NEAR(number(one.read.p99), 300, 60);
  EXPECT_EQ(one.write.p99, 0U);
  EXPECT_TRUE(one.early);
  EXPECT_FALSE(one.read.capped);
}

TEST_P(ObserverTest, TheLargestPodOfAWorkloadCounts) {
  start();
  const std::string first = add('a', "web-7d9f8b6c5d-x2x4z");
  const std::string second = add('b', "web-7d9f8b6c5d-bbbbb");
  work_minutes({{first, 30}, {second, 300}});
  EXPECT_NEAR(number(advice("web").read.p99), 300, 60);
  ASSERT_THAT(observer->advice(), SizeIs(2));
  EXPECT_TRUE(observer->advice().front().total);
  EXPECT_NEAR(number(observer->advice().front().read.p99), 330, 66);
  EXPECT_EQ(observer->advice().front().read.limit, 3000U);
}

TEST_P(ObserverTest, ALimitInForceMeansAtLeast) {
  start();
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 500}});
  EXPECT_TRUE(advice().read.capped);
  EXPECT_NEAR(number(advice().read.target), 690, 140);
  EXPECT_GT(advice().read.at_limit_permille, 0U);
}

TEST_P(ObserverTest, ADryRunShowsTheTimeAtTheLimitThatWouldBe) {
  start(true);
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 1500}});
  EXPECT_TRUE(advice().read.capped);
  EXPECT_NEAR(number(advice().read.p99), 1500, 300) << "it is not held back: this is all";
}

TEST_P(ObserverTest, NothingWakesItWhileNobodyDoesIo) {
  start();
  const std::string cgroup = add('a', "db-0");
  observe();
  EXPECT_TRUE(observer->asleep());
  EXPECT_EQ(sd_event_run(loop.event(), 100000), 0) << "after the first check";
  work_minutes({{cgroup, 300}});
  for (int i = 0; i < 3; ++i) {
    observer->check();
    EXPECT_EQ(sd_event_run(loop.event(), 100000), 0) << "after a check without I/O";
  }
}

// The counters are known for the time of the last check: they had not moved until then.
TEST_P(ObserverTest, SeesAShortBurstBetweenTwoChecks) {
  start();
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 300}});
  now += 600;
  monotonic += std::chrono::seconds(600);
  observer->check();
  work({{cgroup, 400}});  // its timer does not run
  observer->check();
  work({});
  now += 60;
  observer->check();
  const double largest = number(advice().read.p99);
  EXPECT_NEAR(largest, 400, 80);
}

TEST_P(ObserverTest, AWorkloadThatIsGoneIsNotIdle) {
  start();
  const std::string cgroup = add('a', "job-x2x4z");
  work_minutes({{cgroup, 300}});
  driven.controller->on_vanished(parse_cgroup(cgroup));
  for (int i = 0; i < 500; ++i) {
    now += 60;
    observer->check();
  }
  EXPECT_NEAR(number(advice("job").read.p50), 300, 60);
}

TEST_P(ObserverTest, KeepsNoNamesThatNobodyKnows) {
  start();
  const std::string nameless = pod + std::string(64, 'e');
  driven.controller->on_appeared(parse_cgroup(nameless), NoRecord{});
  const std::string hostile = add('f', "db\nend 0");
  const std::string good = add('a', "db-0");
  work_minutes({{nameless, 100}, {hostile, 100}, {good, 100}});
  EXPECT_THAT(observer->advice(), SizeIs(2)) << "the sum, and db";
}

TEST_P(ObserverTest, ARestartKeepsIt) {
  start();
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 300}});
  const Advice before = advice();
  ASSERT_NE(before.read.p50, 0U);
  observer->stop();
  observe();
  EXPECT_THAT(said, IsEmpty());
  EXPECT_EQ(advice().read.p50, before.read.p50);
  EXPECT_EQ(advice().read.target, before.read.target);
  observer->stop();
  tree.file("/history", "rubbish");
  tree.remove("/history.old");
  observe();
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said.front(), HasSubstr(tree.at("/history") + " is damaged"));
  EXPECT_EQ(advice().pods, "db-*") << "it observes again";
}

TEST_P(ObserverTest, AReloadKeepsIt) {
  start();
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 300}});
  const Advice before = advice();
  Config config = driven.node().config;
  config.half_life = std::chrono::hours(48);
  driven.controller->on_config(config, Listing{});
  observer->reconfigure();
  EXPECT_EQ(advice().read.p99, before.read.p99);
  config.observe = false;
  driven.controller->on_config(config, Listing{});
  observer->reconfigure();
  EXPECT_TRUE(parse_history(tree.text("/history"), config.half_life)) << "saved when it was off";
  done[cgroup] += 1e6;
  write_counters();
  observer->check();
  EXPECT_TRUE(observer->asleep());
}

TEST_P(ObserverTest, AFolderThatCannotBeWrittenIsSaidOnce) {
  start();
  tree.folder("/history.next/in_the_way");
  const std::string cgroup = add('a', "db-0");
  work_minutes({{cgroup, 300}});
  observer->stop();
  observer->stop();
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said.front(), HasSubstr("cannot write " + tree.at("/history")));
  EXPECT_NEAR(number(advice().read.p99), 300, 60);
}

}  // namespace
}  // namespace iopslimit::observer_test
