// SPDX-License-Identifier: Apache-2.0
#include "service/sharing.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include <map>

#include "loop/clock.hpp"
#include "support/driven_controller.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::sharing_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Devnum nvme{259, 0};
const std::string root = "/kubepods";
const std::string pod = root + "/burstable/pod0a1b2c3d-0000-4000-8000-000000000000/";

Config lending() {
  Config config{.limit = symmetric(200), .total_iops = 800};
  config.terms.lend = true;
  return config;
}

/// Containers whose counters grow with the time, at their limits or below.
class SharingTest : public testing::Test {
 protected:
  TempTree tree;
  EventLoop loop;
  DrivenController driven;
  FairShare* share = nullptr;
  Hierarchy hierarchy{CgroupVersion::v1, tree.root()};  // no trigger: a reading every second
  std::vector<Event> said;
  std::unique_ptr<Sharing> sharing;
  std::map<std::string, double> want;  // IOPS
  std::map<std::string, double> done;
  Moment counted{0};
  std::unique_ptr<Timer> clock;

  explicit SharingTest(Config config = lending()) {
    auto owned = std::make_unique<FairShare>(std::make_unique<FixedAllocator>());
    share = owned.get();
    Controller& controller = driven.start_with(std::move(owned), std::move(config));
    controller.on_disks({.mounts = {stack_on_disk()}, .system_mounts = {}, .identities = {}});
    controller.on_appeared(parse_cgroup(root), NoRecord{});
    sharing = std::make_unique<Sharing>(
        loop, hierarchy, controller, *share, tree.at("/loans"),
        Sharing::Needs{.announce = [this](const Event& event) { said.push_back(event); },
                       .recalled = [](std::chrono::microseconds) {},
                       .changed = [] {}});
    clock = std::make_unique<Timer>(loop, [this] { count(); });
    clock->every(std::chrono::milliseconds(50));
    counted = monotonic_msec();
    write_counters();
    sharing->sync();
  }

  static MountFacts stack_on_disk();
  std::string add(char id, double wants) {
    const std::string cgroup = pod + std::string(64, id);
    driven.controller->on_appeared(parse_cgroup(cgroup), NoRecord{});
    want[cgroup] = wants;
    return cgroup;
  }
  void count() {
    const double seconds = static_cast<double>((monotonic_msec() - counted).count()) / 1000;
    counted = monotonic_msec();
    for (auto& [cgroup, rate] : want) {
      const auto limit = static_cast<double>(driven.kernel.rules[{cgroup, nvme}].read_iops);
      done[cgroup] += seconds * std::min(rate, limit);
    }
    write_counters();
  }
  void write_counters() {
    double sum = 0;
    const auto text = [](double ios) {
      return "259:0 Read " + std::to_string(static_cast<std::uint64_t>(ios)) + "\n259:0 Write 0\n";
    };
    for (const auto& [cgroup, ios] : done) {
      sum += ios;
      tree.file(cgroup + "/blkio.throttle.io_serviced", text(ios));
      tree.file(cgroup + "/blkio.throttle.io_service_bytes", text(ios * 4096));
    }
    tree.file(root + "/blkio.throttle.io_serviced_recursive", text(sum));
    tree.file(root + "/blkio.throttle.io_service_bytes_recursive", text(sum * 4096));
  }
  /// Runs the loop until `condition`, at most for twenty seconds.
  bool until(const std::function<bool()>& condition) {
    const Moment end = monotonic_msec() + Moment{20000};
    while (!condition() && monotonic_msec() < end) sd_event_run(loop.event(), 100000);
    return condition();
  }
  std::uint64_t limit(const std::string& cgroup) {
    return driven.kernel.rules[{cgroup, nvme}].read_iops;
  }
  Moment at_limit(const std::string& cgroup) {
    Snapshot snapshot = driven.controller->node().snapshot();
    sharing->add_to(snapshot);
    for (const WorkloadView& one : snapshot.containers) {
      if (one.path.cgroup == cgroup)
        return Moment{static_cast<std::int64_t>(one.at_limit_read_msec)};
    }
    return Moment{-1};
  }
  void run(Moment time) {
    const Moment end = monotonic_msec() + time;
    until([end] { return monotonic_msec() >= end; });
  }
  /// A container wants all it can get for some seconds, and then nothing. Returns its cgroup.
  std::string burst() {
    const std::string hog = add('a', 0);
    run(Moment{1200});  // it is known to do nothing
    count();            // until now, however late its timer is
    const Moment begin = monotonic_msec();
    want[hog] = 1e9;
    run(Moment{5000});
    count();
    want[hog] = 0;
    busy_for = monotonic_msec() - begin;
    run(Moment{2000});
    return hog;
  }
  Moment busy_for{0};
  ShareState state() const {
    Snapshot snapshot;
    sharing->add_to(snapshot);
    return snapshot.sharing.state;
  }
};

MountFacts SharingTest::stack_on_disk() {
  DataStack stack{.mount = "/data", .file_system = "ext4", .members = {"nvme0n1"}};
  stack.devices = {{.name = "nvme0n1", .devnum = nvme, .identity = "x"}};
  return stack;
}

TEST_F(SharingTest, LendsToABusyOneAndTakesItBackWhenTheOwnerWakes) {
  const std::string hog = add('a', 1e9);
  const std::string other = add('b', 0);
  ASSERT_TRUE(until([&] { return limit(hog) > 700; }));
  EXPECT_EQ(state(), ShareState::sharing);
  EXPECT_THAT(noted_loans(tree.at("/loans")), ElementsAre(Loan{{hog, nvme}, symmetric(200)}));
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said.back().text, HasSubstr("sharing begins: 1 container has"));
  want[other] = 1e9;
  EXPECT_TRUE(until([&] { return limit(hog) <= 600; }));
}

TEST_F(SharingTest, ReadsOnlyThoseThatDidAnything) {
  const std::string hog = add('a', 1e9);
  const std::string idle = add('b', 0);
  const Workload* workload = driven.controller->node().workloads.find(idle);
  bool read = false;
  ASSERT_TRUE(until([&] {
    read = read || share->is_member(*workload);
    return limit(hog) > 700;
  }));
  EXPECT_FALSE(read);
}

TEST_F(SharingTest, KeepsNoFileOfACgroupThatIsGone) {
  const std::string hog = add('a', 1e9);
  ASSERT_TRUE(until([&] { return limit(hog) > 700; }));
  const std::size_t kept = sharing->kept();
  ASSERT_GT(kept, 1U);
  sharing->forget(hog);
  EXPECT_EQ(sharing->kept(), kept - 1);
}

TEST_F(SharingTest, StopGivesEverybodyTheConfiguredLimit) {
  const std::string hog = add('a', 1e9);
  ASSERT_TRUE(until([&] { return limit(hog) > 700; }));
  sharing->stop();
  EXPECT_EQ(limit(hog), 200U);
  EXPECT_THAT(noted_loans(tree.at("/loans")), IsEmpty());
  EXPECT_EQ(state(), ShareState::off);
}

TEST_F(SharingTest, CountersThatCannotBeReadAreSaidOnce) {
  clock.reset();
  tree.remove(root);
  sharing->check();
  EXPECT_THAT(said, IsEmpty()) << "the cgroup may be about to go";
  EXPECT_TRUE(until([&] { return state() == ShareState::recalled; }));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said.back().text, HasSubstr("/kubepods cannot be read"));
}

TEST_F(SharingTest, ALimitThatSomebodyElseChangedStaysTheConfiguredOne) {
  const std::string hog = add('a', 1e9);
  ASSERT_TRUE(until([&] { return limit(hog) > 700; }));
  Event repaired;
  repaired.action = Action::repaired;
  repaired.cgroup = hog;
  sharing->on_event(repaired);
  EXPECT_EQ(limit(hog), 200U);
}

TEST_F(SharingTest, NothingIsLentThatCannotBeNoted) {
  tree.folder("/loans/in_the_way");
  const std::string hog = add('a', 1e9);
  ASSERT_TRUE(until([&] { return state() == ShareState::recalled; }));
  EXPECT_EQ(limit(hog), 200U);
  EXPECT_THAT(said.back().text, HasSubstr("cannot be noted"));
}

/// Limits without a total: nothing is shared.
class LimitsAloneTest : public SharingTest {
 protected:
  LimitsAloneTest() : SharingTest(Config{.limit = symmetric(200), .total_iops = 0}) {
    checks.every(std::chrono::seconds(2));
  }
  Timer checks{loop, [this] { sharing->check(); }};  // no trigger, so nothing else wakes it
};

TEST_F(LimitsAloneTest, TheTimeAtTheLimitIsCounted) {
  const std::string slow = add('b', 100);
  const std::string hog = burst();
  EXPECT_GT(at_limit(hog), busy_for * 8 / 10);
  EXPECT_LT(at_limit(hog), busy_for * 12 / 10);
  EXPECT_EQ(at_limit(slow), Moment{0}) << "it did half of what its limit allows";
  EXPECT_EQ(state(), ShareState::off);
  EXPECT_EQ(limit(hog), 200U);
  sharing->forget(hog);
  EXPECT_EQ(at_limit(hog), Moment{0});
}

TEST_F(LimitsAloneTest, AConfigurationThatSharesATotalWakesIt) {
  checks.stop();
  const std::string hog = add('a', 0);
  run(Moment{2500});  // nothing wakes it any more
  driven.controller->on_config(lending(), {{{parse_cgroup(hog), NoRecord{}}}, {root}});
  sharing->sync();
  want[hog] = 1e9;
  EXPECT_TRUE(until([&] { return limit(hog) > 700; }));
}

/// The total is not tight, and a bandwidth limit is what holds a container.
class BandwidthTest : public SharingTest {
 protected:
  static constexpr std::uint64_t iops = 200;  // what the bandwidth allows
  BandwidthTest()
      : SharingTest(
            Config{.limit = {.read_iops = 10000, .read_bps = iops * 4096}, .total_iops = 20000}) {}
};

TEST_F(BandwidthTest, TheTimeAtTheLimitIsCounted) {
  const std::string hog = add('a', iops);
  EXPECT_TRUE(until([&] { return at_limit(hog) > Moment{1500}; }));
  EXPECT_EQ(limit(hog), 10000U);
}

// A pipe is in the place of io.pressure: it never has anything to report.
TEST_F(SharingTest, WakesForNothingWherePressureIsReported) {
  tree.file(root + "/io.stat", "259:0 rbytes=0 wbytes=0 rios=5 wios=0\n");
  ASSERT_EQ(mkfifo(tree.at(root + "/io.pressure").c_str(), 0600), 0);
  const Hierarchy v2{CgroupVersion::v2, tree.root()};
  sharing->stop();
  Sharing sleeper(loop, v2, *driven.controller, *share, tree.at("/loans"),
                  {.announce = [](const Event&) {}, .recalled = [](auto) {}, .changed = [] {}});
  clock.reset();
  sleeper.sync();
  // It reads once a second for ten more seconds.
  constexpr std::uint64_t longer_than_a_reading = 1500000;
  const Moment end = monotonic_msec() + Moment{30000};
  while (sd_event_run(loop.event(), longer_than_a_reading) != 0) ASSERT_LT(monotonic_msec(), end);
  constexpr std::uint64_t three_seconds = 3000000;
  EXPECT_EQ(sd_event_run(loop.event(), three_seconds), 0) << "something woke the loop";
  Snapshot snapshot;
  sleeper.add_to(snapshot);
  EXPECT_EQ(snapshot.sharing.state, ShareState::asleep);
}

TEST_F(SharingTest, SleepsWhileNobodyWantsAnything) {
  add('a', 10);
  const Moment end = monotonic_msec() + Moment{2500};
  while (monotonic_msec() < end) sd_event_run(loop.event(), 100000);
  EXPECT_EQ(state(), ShareState::asleep);
  EXPECT_THAT(said, IsEmpty());
}

}  // namespace
}  // namespace iopslimit::sharing_test
