// SPDX-License-Identifier: Apache-2.0
// The operator's side of the service; tests/service/operator_calls_test.cpp has its calls on the
// bus.
#include "control/operator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>

#include "api/bus_codec.hpp"
#include "loop/clock.hpp"
#include "support/driven_controller.hpp"
#include "support/parsed_path.hpp"
#include "support/private_bus.hpp"
#include "support/silent_bus.hpp"
#include "support/stacks.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::operator_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string pod_uid = "00000000-0000-4000-8000-000000000001";

ContainerPath container(char digit) {
  return *parse_container_path("/kubepods/burstable/pod" + pod_uid + "/" + std::string(64, digit));
}

/// The service without its surfaces: a daemon, a backend that remembers, and the operator's side on
/// a bus that is not there.
struct OperatorTest : testing::Test, DrivenController {
  TempTree run;
  std::vector<std::string> announced;
  int refreshed = 0;  // how often the status was to be shown anew
  std::uint64_t lines_dropped = 0;
  History history{std::chrono::hours(24)};
  std::unique_ptr<EventLoop> loop;
  std::optional<Operator> operator_side;
  std::string address = "unix:path=" + run.at("no-bus");

  void start() {
    operator_side.reset();
    std::vector<RuleKey> ours;
    for (const auto& rule : kernel.rules) ours.push_back(rule.first);
    loop = std::make_unique<EventLoop>();
    DrivenController::start({}, ours);
    operator_side.emplace(
        *loop, *controller, run.root(), address,
        Operator::Needs{
            .reload = [] { return std::vector<std::string>(); },
            .announce = [this](const Event& event) { announce(event); },
            .drain = [this] { drain(); },
            .refresh = [this] { ++refreshed; },
            .lines_dropped = [this] { return lines_dropped; },
            .advice = [this](const Advice* after) { return advice_after(history, after, 32); }});
    controller->on_disks({.mounts = {on_partition()}, .system_mounts = {}, .identities = {}});
    appear('a', "db");
    appear('b', "web");
    drain();
    announced.clear();
  }
  void appear(char digit, const std::string& name) {
    controller->on_appeared(container(digit),
                            Record{.name = name, .image = "i", .pod = "p", .pod_namespace = "n"});
  }
  void announce(const Event& event) { announced.push_back(event.text); }
  void drain() {
    for (const Event& event : take_events()) {
      announced.push_back(event.text);
      operator_side->on_event(event);
    }
  }
  bool limited(char digit) { return !kernel.of(container(digit)).unlimited(); }
  void note(const std::string& whom, std::uint64_t until) {
    run.file("pauses", std::to_string(until) + " " + whom + "\n");
  }
  WorkloadView view(char digit) {
    const Snapshot snapshot = node().snapshot();
    for (const WorkloadView& one : snapshot.containers) {
      if (one.path == container(digit)) return one;
    }
    return {};
  }
  template <class Done>
  void turn_until(const Done& is_done) {
    constexpr std::uint64_t most_usec = 30000000;
    while (!is_done()) ASSERT_GT(sd_event_run(loop->event(), most_usec), 0);
  }
};

TEST_F(OperatorTest, RevisionChangesWheneverTheSnapshotDoes) {
  start();
  const auto changes = [this](const std::function<void()>& act) {
    const Snapshot before = operator_side->snapshot();
    const std::uint64_t revision = operator_side->revision();
    act();
    EXPECT_FALSE(operator_side->snapshot() == before) << "the step shows nothing";
    EXPECT_NE(operator_side->revision(), revision);
    const Summary listed = summary_of(operator_side->snapshot());
    EXPECT_TRUE(operator_side->summary().snapshot == listed.snapshot);
    EXPECT_EQ(operator_side->summary().counts, listed.counts);
  };
  changes([this] { appear('d', "db"); });
  changes([this] { controller->on_vanished(container('d')); });
  changes([this] {
    kernel.failures[container('e').cgroup] = ControlError::device_refused;
    appear('e', "bad");
  });
  changes([this] { drain(); });
  changes([this] { operator_side->reloaded(true); });
  changes([this] { ++lines_dropped; });
  changes([this] { controller->on_disks({.mounts = {NotMounted{"gone"}}}); });
  changes([this] { controller->clear(); });
}

TEST_F(OperatorTest, APauseThatEndedMeanwhileIsOver) {
  note(container('a').cgroup, boot_seconds() - 1);
  start();
  EXPECT_TRUE(limited('a'));
}

TEST_F(OperatorTest, APausedPodLetsAllItsContainersGo) {
  note(pod_uid, boot_seconds() + 600);
  start();
  EXPECT_FALSE(limited('a'));
  EXPECT_FALSE(limited('b'));
  appear('c', "late");
  EXPECT_FALSE(limited('c'));
}

TEST_F(OperatorTest, ClearHoldsUntilTheNextConfiguration) {
  start();
  controller->on_appeared(directory("/kubepods"), NoRecord{});
  controller->clear();
  appear('c', "late");
  controller->on_rescan({.containers = {{container('a'), NoRecord{}}},
                         .kubepods = {"/kubepods", "/more/kubepods"},
                         .whole = false});
  EXPECT_THAT(kernel.rules, IsEmpty());
  EXPECT_TRUE(node().snapshot().cleared);
  controller->on_config({}, {.whole = false});
  EXPECT_TRUE(limited('a'));
  EXPECT_TRUE(limited('c'));
  EXPECT_EQ(kernel.rules.count({"/kubepods", {259, 0}}), 1U);
  EXPECT_FALSE(node().snapshot().cleared);
}

TEST_F(OperatorTest, TheOverviewAddsUp) {
  start();
  const Snapshot snapshot = node().snapshot();
  ASSERT_EQ(snapshot.devices.size(), 1U);
  EXPECT_EQ(snapshot.devices[0].used, symmetric(1000));
  EXPECT_EQ(snapshot.devices[0].state, DeviceState::limited);
  EXPECT_EQ(snapshot.count(State::limited), 2U);
  EXPECT_EQ(snapshot.writes, 2U);
  EXPECT_THAT(node().explain(container('a').cgroup),
              Contains(HasSubstr("limit on /data: read 500")));
}

/// How the service divides its time, of the processor's, while one call is answered.
struct Turns {
  std::chrono::microseconds longest{0};
  std::chrono::microseconds all{0};
};

/// The service on a node with 10,000 containers, one in each pod.
struct LargeOperatorTest : OperatorTest {
  static constexpr unsigned containers = 10000;
  const LongBusTimeout timeout;

  LargeOperatorTest() {
    start();
    for (unsigned number = 0; number < containers; ++number) {
      const std::string digits = std::to_string(100000 + number);
      controller->on_appeared(
          *parse_container_path("/kubepods/burstable/pod00000000-0000-4000-8000-000000" + digits +
                                "/" + std::string(58, 'c') + digits),
          Record{.name = "n" + digits, .image = "i", .pod = "p" + digits, .pod_namespace = "n"});
    }
    drain();
    for (unsigned number = 0; number < History::most_workloads; ++number)
      history.see({"n", "w" + std::to_string(number), "c"}, {}, 1, 1);
  }
  static sd_bus* connect(const std::string& socket) {
    sd_bus* bus = nullptr;
    if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, ("unix:path=" + socket).c_str()) < 0 ||
        sd_bus_start(bus) < 0)
      _exit(1);
    return bus;
  }
  /// Another process makes the call; its answer is to have so many entries.
  Turns turns_of(const char* method, const char* word, unsigned entries) {
    const pid_t child = fork();
    if (child == 0) {
      sd_bus_message* reply = nullptr;
      if (sd_bus_call_method(connect(run.at("private")), nullptr, bus_path, bus_interface, method,
                             nullptr, &reply, word == nullptr ? "" : "s", word) < 0)
        _exit(2);
      _exit(read_list(reply).size() == entries ? 0 : 3);
    }
    Turns turns;
    int status = -1;
    while (waitpid(child, &status, WNOHANG) == 0) {
      if (sd_event_prepare(loop->event()) == 0 && sd_event_wait(loop->event(), 10000) == 0)
        continue;
      const std::clock_t begin = std::clock();
      sd_event_dispatch(loop->event());
      constexpr auto unit = 1000000 / CLOCKS_PER_SEC;
      const std::chrono::microseconds spent((std::clock() - begin) * unit);
      turns.longest = std::max(turns.longest, spent);
      turns.all += spent;
    }
    EXPECT_EQ(status, 0);
    return turns;
  }
};

TEST_F(LargeOperatorTest, NoCallHoldsTheLoopUp) {
  const struct {
    const char* method;
    const char* word;
    unsigned entries;
  } rows[] = {{"ListContainers", nullptr, containers + 2},
              {"ListPods", nullptr, containers + 1},
              {"Explain", "n/p107777", 1},
              {"ListAdvice", nullptr, History::most_workloads}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.method);
    const Turns turns = turns_of(row.method, row.word, row.entries);
    EXPECT_LT(turns.longest * 10, turns.all);
  }
}

struct OperatorOnBusTest : OperatorTest {
  PrivateBus bus;

  OperatorOnBusTest() {
    if (geteuid() != 0) return;
    bus.start();
    address = bus.address();
    start();
    turn_until([this] {
      return std::ranges::any_of(
          announced, [](const std::string& text) { return text.starts_with("on the bus"); });
    });
    announced.clear();
  }
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST_F(OperatorOnBusTest, ShowsAsLongAsTheBusIsAway) {
  const std::uint64_t revision = operator_side->revision();
  bus.stop();
  turn_until([this] { return !operator_side->problems().empty(); });
  const std::string away = operator_side->problems().front();
  EXPECT_THAT(away, HasSubstr("the system bus went away"));
  EXPECT_NE(operator_side->revision(), revision);
  EXPECT_EQ(refreshed, 1);
  bus.start();
  turn_until([this] { return operator_side->problems().empty(); });
  EXPECT_THAT(announced, ElementsAre(away, "over now: " + away));
  EXPECT_EQ(refreshed, 2);
}

}  // namespace
}  // namespace iopslimit::operator_test
