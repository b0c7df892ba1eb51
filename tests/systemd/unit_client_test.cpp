// SPDX-License-Identifier: Apache-2.0
// The calls to systemd, on a bus of the test's own with a systemd of the test's own on it.
#include "systemd/unit_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "support/fake_systemd.hpp"
#include "support/silent_bus.hpp"

namespace iopslimit::unit_client_test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

constexpr std::uint64_t lifted = UINT64_MAX;
const UnitChange total{
    "/kubepods.slice",
    {{{259, 0}, {.read_iops = 3000, .write_iops = 2000, .read_bps = 1 << 20}}, {{259, 5}, {}}}};

struct UnitClientTest : testing::Test {
  PrivateBus bus;
  EventLoop loop;
  int ready = 0;
  std::vector<UnitAnswer> answers;
  std::vector<std::string> whys;
  std::vector<std::string> announced;
  std::unique_ptr<UnitClient> unit;

  void make(SystemdWaits waits) {
    unit = std::make_unique<UnitClient>(
        loop, bus.address(),
        UnitClient::Handlers{
            .ready = [this] { ++ready; },
            .answered =
                [this](const UnitChange& change, UnitAnswer answer, const std::string& why) {
                  EXPECT_EQ(change, total);
                  answers.push_back(answer);
                  whys.push_back(why);
                },
            .announce = [this](const std::string& text, bool) { announced.push_back(text); }},
        waits);
  }
  template <class Done>
  void turn_until(const Done& is_done) {
    constexpr std::uint64_t most_usec = 30000000;
    while (!is_done()) ASSERT_GT(sd_event_run(loop.event(), most_usec), 0) << "nothing happened";
  }
  void connect(SystemdWaits waits = {.again = milliseconds(1)}) {
    bus.start();
    make(waits);
    EXPECT_FALSE(unit->reachable());
    turn_until([this] { return ready != 0; });
    EXPECT_TRUE(unit->reachable());
  }
  void ask() {
    const std::size_t before = answers.size();
    unit->set(total);
    turn_until([&] { return answers.size() > before; });
  }
};

TEST_F(UnitClientTest, SetsAllFourOfEachDeviceByOneNameForThisBoot) {
  connect();
  FakeSystemd systemd(bus, loop);
  ask();
  EXPECT_THAT(answers, ElementsAre(UnitAnswer::taken));
  ASSERT_THAT(systemd.requested, SizeIs(1));
  const FakeSystemd::Asked& requested = systemd.requested[0];
  EXPECT_EQ(requested.unit, "kubepods.slice");
  EXPECT_TRUE(requested.runtime);
  const std::string one = "/dev/block/259:0";
  const std::string other = "/dev/block/259:5";
  EXPECT_THAT(
      requested.properties,
      ElementsAre(Pair("IOReadBandwidthMax", ElementsAre(Pair(one, 1U << 20), Pair(other, lifted))),
                  Pair("IOReadIOPSMax", ElementsAre(Pair(one, 3000), Pair(other, lifted))),
                  Pair("IOWriteBandwidthMax", ElementsAre(Pair(one, lifted), Pair(other, lifted))),
                  Pair("IOWriteIOPSMax", ElementsAre(Pair(one, 2000), Pair(other, lifted)))));
}

TEST_F(UnitClientTest, ErrorsAreForEverOrForNow) {
  const std::pair<const char*, UnitAnswer> rows[] = {
      {"org.freedesktop.systemd1.NoSuchUnit", UnitAnswer::no_unit},
      {"org.freedesktop.systemd1.UnitMasked", UnitAnswer::refused},
      {SD_BUS_ERROR_ACCESS_DENIED, UnitAnswer::refused},
      {SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, UnitAnswer::refused},
      {SD_BUS_ERROR_PROPERTY_READ_ONLY, UnitAnswer::refused},
      {SD_BUS_ERROR_NO_REPLY, UnitAnswer::later},
      {SD_BUS_ERROR_TIMEOUT, UnitAnswer::later},
      {SD_BUS_ERROR_NAME_HAS_NO_OWNER, UnitAnswer::later}};
  connect();
  FakeSystemd systemd(bus, loop);
  for (const auto& [error, answer] : rows) {
    SCOPED_TRACE(error);
    turn_until([this] { return unit->reachable(); });
    systemd.error = error;
    ask();
    EXPECT_EQ(answers.back(), answer);
    EXPECT_EQ(whys.back(), "it said no");
  }
}

// As while systemd executes itself anew: its name is away.
TEST_F(UnitClientTest, RetriesWhenSystemdIsUnreachable) {
  connect();
  ready = 0;
  ask();
  EXPECT_THAT(answers, ElementsAre(UnitAnswer::later));
  EXPECT_FALSE(unit->reachable());
  turn_until([this] { return ready != 0; });
  FakeSystemd systemd(bus, loop);
  ask();
  EXPECT_THAT(answers, ElementsAre(UnitAnswer::later, UnitAnswer::taken));
  EXPECT_THAT(announced, IsEmpty());
}

TEST_F(UnitClientTest, TheBusMayGoWithTheAnswer) {
  connect();
  {
    FakeSystemd systemd(bus, loop);
    systemd.silent = true;
    unit->set(total);
    turn_until([&] { return !systemd.requested.empty(); });
    bus.stop();
    turn_until([this] { return !answers.empty(); });
  }
  EXPECT_THAT(answers, ElementsAre(UnitAnswer::later));
  bus.start();
  FakeSystemd systemd(bus, loop);
  do {  // it may learn only by a call that the old connection is gone
    turn_until([this] { return unit->reachable(); });
    ask();
  } while (answers.back() == UnitAnswer::later);
  EXPECT_EQ(answers.back(), UnitAnswer::taken) << whys.back();
}

// Each call that is not read would stay in memory, and be carried out when its limits are old.
TEST_F(UnitClientTest, SendsFewCallsToABusThatDoesNotRead) {
  const ShortBusTimeout timeout;
  connect();
  bus.suspend();
  bool over = false;
  Timer end(loop, [&] { over = true; });
  end.start(std::chrono::seconds(5));
  std::size_t calls = 0;
  while (!over) {
    if (calls == answers.size() && unit->reachable()) {
      unit->set(total);
      ++calls;
    }
    ASSERT_GE(sd_event_run(loop.event(), 100000), 0);
  }
  EXPECT_EQ(answers.size(), calls) << "each is answered";
  EXPECT_LE(calls, 3U);
  bus.resume();
  FakeSystemd systemd(bus, loop);
  turn_until([this] { return unit->reachable(); });
  ask();
  EXPECT_EQ(answers.back(), UnitAnswer::taken) << whys.back();
}

TEST_F(UnitClientTest, AnnouncesSilenceOnceAndItsEnd) {
  make({.again = milliseconds(1), .silence = milliseconds(1)});
  EXPECT_FALSE(unit->reachable());
  turn_until([this] { return !announced.empty(); });
  EXPECT_THAT(announced[0], HasSubstr("no connection to the system bus"));
  bus.start();
  turn_until([this] { return unit->reachable(); });
  ask();  // of nobody
  turn_until([this] { return unit->reachable(); });
  FakeSystemd systemd(bus, loop);
  ask();
  EXPECT_THAT(answers, ElementsAre(UnitAnswer::later, UnitAnswer::taken));
  ASSERT_THAT(announced, SizeIs(2));
  EXPECT_THAT(announced[1], HasSubstr("systemd answers"));
}

TEST_F(UnitClientTest, TheEndWaitsForTheLastAnswer) {
  bool done = false;
  connect();
  unit->finish([&] { done = true; });
  EXPECT_TRUE(done) << "nothing is open";
  done = false;
  FakeSystemd systemd(bus, loop);
  unit->set(total);
  unit->finish([&] { done = true; });
  EXPECT_FALSE(done);
  turn_until([&] { return done; });
  EXPECT_THAT(answers, SizeIs(1));
}

TEST_F(UnitClientTest, TheEndWaitsForWhoWaitsForTheBus) {
  bool done = false;
  bus.start();
  make({});
  EXPECT_FALSE(unit->reachable());
  unit->finish([&] { done = true; });
  EXPECT_FALSE(done);
  turn_until([&] { return done; });
  EXPECT_EQ(ready, 1);
}

TEST_F(UnitClientTest, ShortSilenceIsNotAnnounced) {
  connect({.silence = milliseconds(200)});
  ready = 0;
  bus.stop();
  bus.start();
  turn_until([this] { return ready != 0; });  // a second later
  EXPECT_THAT(announced, IsEmpty());
}

TEST_F(UnitClientTest, TheEndDoesNotWaitForEver) {
  bool done = false;
  connect({.finish = milliseconds(1)});
  FakeSystemd systemd(bus, loop);
  systemd.silent = true;
  unit->set(total);
  unit->finish([&] { done = true; });
  turn_until([&] { return done; });
  EXPECT_THAT(answers, IsEmpty());
}

TEST_F(UnitClientTest, LimitsTheCallsOpenAtATime) {
  connect();
  FakeSystemd systemd(bus, loop);
  for (std::size_t i = 0; i < UnitClient::most_open; ++i) {
    EXPECT_FALSE(unit->full());
    unit->set(total);
  }
  EXPECT_TRUE(unit->full());
  turn_until([this] { return answers.size() == UnitClient::most_open; });
  EXPECT_FALSE(unit->full());
}

}  // namespace
}  // namespace iopslimit::unit_client_test
