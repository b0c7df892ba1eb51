// SPDX-License-Identifier: Apache-2.0
// From a rule in force to the property of its unit: the daemon, a backend that remembers, and a
// systemd of the test's own, which writes to the kernel what it is told.
#include "systemd/unit_mirror.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>

#include "support/driven_controller.hpp"
#include "support/fake_systemd.hpp"
#include "support/parsed_path.hpp"
#include "support/stacks.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::unit_mirror_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr Devnum disk{259, 0};
constexpr std::uint64_t lifted = UINT64_MAX;
const std::string device_node = "/dev/block/259:0";
const std::string kubepods = "/kubepods.slice";
const std::string scope = "cri-containerd-" + std::string(64, 'a') + ".scope";

ContainerPath container() {
  return *parse_container_path(kubepods +
                               "/kubepods-pod00000000_0000_4000_8000_000000000001.slice/" + scope);
}

struct UnitMirrorTest : testing::Test, DrivenController {
  TempTree run;
  PrivateBus bus;
  std::vector<std::string> announced;
  std::unique_ptr<EventLoop> loop = std::make_unique<EventLoop>();
  std::optional<UnitMirror> units;
  std::unique_ptr<FakeSystemd> systemd;

  UnitMirrorTest() { bus.start(); }
  static Config with(Apply apply) {
    Config config;
    config.apply = apply;
    return config;
  }
  /// The service without its surfaces; a second time: a restart.
  void start(Apply apply, const DataStack& stack = on_partition(disk)) {
    units.reset();
    std::vector<RuleKey> ours;
    for (const auto& rule : kernel.rules) ours.push_back(rule.first);
    DrivenController::start(with(apply), ours);
    units.emplace(
        *loop, *controller, kernel, run.root(), bus.address(),
        [this](const Event& event) { announced.push_back(event.text); },
        SystemdWaits{.again = std::chrono::milliseconds(1)});
    controller->on_disks({.mounts = {stack}, .system_mounts = {}, .identities = {}});
    controller->on_rescan(listing());
    drain();
  }
  static Listing listing() {
    Listing all;
    all.kubepods = {kubepods};
    all.containers = {{container(), Record{.name = "db", .image = "i", .pod = "p"}}};
    return all;
  }
  void drain() {
    for (const Event& event : take_events()) units->on_event(event);
    units->sync();
  }
  void systemd_comes() {
    systemd = std::make_unique<FakeSystemd>(bus, *loop);
    systemd->applies = [this](const FakeSystemd::Asked& requested) {
      const std::string cgroup = requested.unit == scope ? container().cgroup.str() : kubepods;
      const std::uint64_t iops = requested.properties.at("IOReadIOPSMax").at(0).second;
      kernel.rules.erase({cgroup, disk});
      if (iops != lifted) kernel.rules[{cgroup, disk}] = symmetric(iops);
    };
  }
  /// Turns until every answer is in and nothing is left to tell.
  void synced(std::size_t requested) {
    turn_until([&] { return systemd->requested.size() >= requested; });
    bool done = false;
    units->finish([&] { done = true; });
    turn_until([&] { return done; });
    EXPECT_THAT(systemd->requested, SizeIs(requested));
  }
  template <class Done>
  void turn_until(const Done& is_done) {
    constexpr std::uint64_t most_usec = 30000000;
    while (!is_done()) ASSERT_GT(sd_event_run(loop->event(), most_usec), 0);
  }
  std::string notes() { return run.text("properties"); }
};

TEST_F(UnitMirrorTest, AutoMirrorsTheTotalAndNoContainer) {
  systemd_comes();
  start(Apply::automatic);
  EXPECT_EQ(kernel.of(container()), symmetric(500)) << "by file, before anybody is told";
  synced(1);
  EXPECT_THAT(systemd->read_iops("kubepods.slice"), ElementsAre(Pair(device_node, 3000)));
  EXPECT_THAT(announced, IsEmpty());
}

TEST_F(UnitMirrorTest, FilesMirrorsNothing) {
  systemd_comes();
  start(Apply::files);
  bool done = false;
  units->finish([&] { done = true; });
  EXPECT_TRUE(done);
  EXPECT_THAT(systemd->requested, IsEmpty());
}

TEST_F(UnitMirrorTest, MirroredContainerStaysMirroredUnderAuto) {
  systemd_comes();
  start(Apply::systemd);
  synced(2);
  start(Apply::automatic);  // with a lower limit for the container
  Config lower = with(Apply::automatic);
  lower.limit = symmetric(200);
  controller->on_config(lower, listing());
  drain();
  synced(3);
  EXPECT_EQ(systemd->requested.back().unit, scope);
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, 200)));
  controller->on_vanished(container());
  kernel.gone.insert(container().cgroup);
  drain();
  EXPECT_THAT(notes(), HasSubstr("- 259:0 " + container().cgroup));
  synced(3);
}

TEST_F(UnitMirrorTest, VolumeStaysWithTheFileAndIsAnnouncedOnce) {
  start(Apply::systemd,
        stack_of({block_device("dm-0", {252, 0}, {"nvme0n1"}), block_device("nvme0n1", disk)}));
  EXPECT_EQ(kernel.of(container(), {252, 0}), symmetric(500));
  drain();
  ASSERT_THAT(announced, SizeIs(1));
  EXPECT_THAT(announced[0], HasSubstr("252:0"));
}

TEST_F(UnitMirrorTest, ClearLiftsBothAndReloadBringsThemBack) {
  systemd_comes();
  start(Apply::systemd);
  synced(2);
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, 500)));
  controller->clear();
  drain();
  synced(4);
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, lifted)));
  EXPECT_THAT(systemd->read_iops("kubepods.slice"), ElementsAre(Pair(device_node, lifted)));
  EXPECT_THAT(kernel.rules, IsEmpty());
  controller->on_config(with(Apply::systemd), listing());
  drain();
  synced(6);
  EXPECT_EQ(kernel.of(container()), symmetric(500));
}

TEST_F(UnitMirrorTest, MirrorsAPauseAndItsEnd) {
  systemd_comes();
  start(Apply::systemd);
  synced(2);
  Pauses pauses;
  pauses.set(container().cgroup, 100);
  controller->on_pauses(pauses);
  drain();
  synced(3);
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, lifted)));
  controller->on_pauses({});
  drain();
  synced(4);
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, 500)));
  EXPECT_EQ(kernel.of(container()), symmetric(500));
}

// Whoever wrote the file may have set the property, which the next daemon-reload would bring back.
TEST_F(UnitMirrorTest, MirrorsAgainAfterADrift) {
  systemd_comes();
  start(Apply::automatic);
  synced(1);
  controller->on_written(kubepods);  // systemd's own write, as it should be
  drain();
  EXPECT_THAT(systemd->requested, SizeIs(1));
  kernel.rules[{kubepods, disk}] = symmetric(9000);
  controller->on_written(kubepods);
  drain();
  synced(2);
  EXPECT_THAT(systemd->read_iops("kubepods.slice"), ElementsAre(Pair(device_node, 3000)));
}

TEST_F(UnitMirrorTest, RestartSendsNothingAnewAndRemovesWhatIsLeft) {
  systemd_comes();
  start(Apply::systemd);
  synced(2);
  EXPECT_THAT(notes(), HasSubstr("+ 259:0 " + container().cgroup));
  start(Apply::systemd);
  start(Apply::files);  // systemd is told on of what it knows
  controller->clear();
  drain();
  bool done = false;
  units->finish([&] { done = true; });  // there is no connection yet
  turn_until([&] { return done; });
  EXPECT_THAT(systemd->requested, SizeIs(4));
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, lifted)));
}

TEST_F(UnitMirrorTest, WithoutABusTheFilesHoldUntilThereIsOne) {
  bus.stop();
  start(Apply::systemd);
  EXPECT_EQ(kernel.of(container()), symmetric(500));
  bus.start();
  systemd_comes();
  synced(2);
  EXPECT_THAT(systemd->read_iops(scope), ElementsAre(Pair(device_node, 500)));
}

TEST_F(UnitMirrorTest, CorrectsWhatSystemdLeavesDifferent) {
  systemd_comes();
  systemd->applies = [this](const FakeSystemd::Asked&) {
    kernel.rules[{kubepods, disk}] = symmetric(7);
  };
  start(Apply::automatic);
  synced(1);
  EXPECT_EQ(kernel.rules.at({kubepods, disk}), symmetric(3000));
  EXPECT_THAT(announced, ElementsAre(HasSubstr("read 7 IOPS, write 7 IOPS")));
}

}  // namespace
}  // namespace iopslimit::unit_mirror_test
