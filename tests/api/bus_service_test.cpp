// SPDX-License-Identifier: Apache-2.0
// The service on a bus of the test's own, with a polkit of the test's own on it.
#include "api/bus_service.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <utility>

#include "support/private_bus.hpp"
#include "support/sample_advice.hpp"
#include "support/sample_snapshot.hpp"
#include "support/silent_bus.hpp"

namespace iopslimit::bus_service_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Says yes or no, or nothing until the test ends.
class FakePolkit {
 public:
  enum class Mood { yes, no, challenge, silent };

  FakePolkit(const PrivateBus& bus, EventLoop& loop, Mood mood)
      : connection_(bus.connect()), mood_(mood) {
    sd_bus* own = connection_.get();
    EXPECT_GE(sd_bus_add_object_vtable(own, nullptr, "/org/freedesktop/PolicyKit1/Authority",
                                       "org.freedesktop.PolicyKit1.Authority", vtable, this),
              0);
    EXPECT_GE(sd_bus_request_name(own, "org.freedesktop.PolicyKit1", 0), 0);
    EXPECT_GE(sd_bus_attach_event(own, loop.event(), 0), 0);
  }
  ~FakePolkit() { sd_bus_detach_event(connection_.get()); }
  FakePolkit(const FakePolkit&) = delete;
  FakePolkit& operator=(const FakePolkit&) = delete;

  std::vector<std::string> requested;
  std::vector<bool> interactive;

 private:
  static int answer(sd_bus_message* call, void* self, sd_bus_error*) {
    auto* polkit = static_cast<FakePolkit*>(self);
    const char* action = nullptr;
    unsigned flags = 0;
    EXPECT_GE(sd_bus_message_skip(call, "(sa{sv})"), 0);
    EXPECT_GE(sd_bus_message_read(call, "s", &action), 0);
    EXPECT_GE(sd_bus_message_skip(call, "a{ss}"), 0);
    EXPECT_GE(sd_bus_message_read(call, "u", &flags), 0);
    polkit->requested.emplace_back(action);
    polkit->interactive.push_back((flags & 1U) != 0);
    if (polkit->mood_ == Mood::silent) return 1;
    return sd_bus_reply_method_return(call, "(bba{ss})", polkit->mood_ == Mood::yes,
                                      polkit->mood_ == Mood::challenge, 0);
  }
  static const sd_bus_vtable vtable[];
  PrivateBus::Connection connection_;
  Mood mood_;
};

const sd_bus_vtable FakePolkit::vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", answer,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};

struct BusServiceTest : testing::Test {
  BusServiceTest() { bus.start(); }

  PrivateBus bus;
  EventLoop loop;
  Snapshot snapshot = sample_snapshot();
  std::vector<std::string> done;
  std::vector<std::string> refused;
  bool was_paused = true;
  bool broken = false;         // an answer throws
  std::uint64_t revision = 0;  // of the snapshot
  int snapshots = 0;           // how often the containers were gone through
  int summaries = 0;           // that were asked for
  int advice_calls = 0;
  std::chrono::milliseconds summary_takes{0};
  std::vector<std::string> announced;
  std::vector<std::string> away;  // why the bus is away; empty: it is back
  std::unique_ptr<BusService> api;

  template <class Done>
  void turn_until(const Done& is_done) {
    constexpr std::uint64_t most_usec = 30000000;
    while (!is_done()) {
      ASSERT_GT(sd_event_run(loop.event(), most_usec), 0) << "nothing happened";
    }
  }

  void make() {
    api = std::make_unique<BusService>(
        loop, bus.address(), bus.beside("private"),
        BusService::Answers{
            .containers =
                [this](const std::string& after) {
                  if (after.empty()) ++snapshots;
                  if (broken) throw std::runtime_error("it broke");
                  return containers_after(snapshot, after);
                },
            .summary =
                [this] {
                  ++summaries;
                  const auto begin = std::chrono::steady_clock::now();
                  while (std::chrono::steady_clock::now() - begin < summary_takes) {
                  }
                  if (summary_takes.count() != 0) ++revision;
                  if (broken) throw std::runtime_error("it broke");
                  return summary_of(snapshot);
                },
            .revision = [this] { return revision; },
            .explain = [](const WorkloadView& one) { return std::vector{"looked at " + one.name}; },
            .reload =
                [this] {
                  done.emplace_back("reload");
                  return refused;
                },
            .clear = [this] { done.emplace_back("clear"); },
            .pause =
                [this](const Selector& target, std::chrono::seconds span) {
                  done.push_back("pause " + target.whom + " " + std::to_string(span.count()));
                },
            .resume =
                [this](const Selector& target) {
                  done.push_back("resume " + target.whom);
                  return was_paused;
                },
            .advice =
                [this](const Advice* after) {
                  ++advice_calls;
                  return sample_advice_after(after);
                }},
        BusService::Reports{
            .announce = [this](const std::string& text, bool) { announced.push_back(text); },
            .away = [this](const std::string& why) { away.push_back(why); }});
  }
  /// Returns when the name is owned.
  void start() {
    make();
    turn_until([this] { return !announced.empty(); });
    ASSERT_THAT(announced, ElementsAre(HasSubstr("on the bus as org.iopslimit1")));
    announced.clear();
  }

  /// What a command says, while the loop turns.
  std::string run(const std::string& command) {
    // NOLINTNEXTLINE(cert-env33-c): a fixed command of the test's own
    FILE* pipe = popen((command + " 2>&1").c_str(), "re");
    struct Reading {
      int fd;
      std::string out;
      bool ended = false;
    } reading{fileno(pipe), {}};
    const auto read_some = [](sd_event_source*, int fd, std::uint32_t, void* bound) {
      auto* into = static_cast<Reading*>(bound);
      char buffer[4096];
      const ssize_t count = read(fd, buffer, sizeof buffer);
      into->ended = count <= 0;
      if (count > 0) into->out.append(buffer, static_cast<std::size_t>(count));
      return 0;
    };
    sd_event_source* source = nullptr;
    sd_event_add_io(loop.event(), &source, reading.fd, EPOLLIN, read_some, &reading);
    turn_until([&reading] { return reading.ended; });
    sd_event_source_disable_unref(source);
    pclose(pipe);
    return reading.out;
  }
  std::string busctl(const std::string& arguments) {
    return run("busctl --address=" + bus.address() + " " + arguments);
  }
  std::string call(const std::string& method) {
    return busctl("call org.iopslimit1 /org/iopslimit1 org.iopslimit1.Manager " + method);
  }
  /// A command of a user who is not root.
  std::string as_nobody(const std::string& method, const std::string& options) const {
    const std::string other = geteuid() == 0 ? "setpriv --reuid=65534 --clear-groups " : "";
    return other + "busctl " + options + " --address=" + bus.address() +
           " call org.iopslimit1 /org/iopslimit1 org.iopslimit1.Manager " + method;
  }
  std::string call_as_nobody(const std::string& method, const std::string& options = "") {
    return run(as_nobody(method, options));
  }
  std::string property(const std::string& name) {
    return busctl("get-property org.iopslimit1 /org/iopslimit1 org.iopslimit1.Manager " + name);
  }
};

TEST_F(BusServiceTest, PropertiesTellWhatTheServiceIs) {
  start();
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
  EXPECT_EQ(property("CgroupVersion"), "s \"v2\"\n");
  EXPECT_EQ(property("Since"), "t 1000000000\n");
  EXPECT_EQ(property("Limited"), "t 2\n");
  EXPECT_EQ(property("Paused"), "t 1\n");
  EXPECT_EQ(property("Repaired"), "t 2\n");
  EXPECT_EQ(property("Waiting"), "as 1 \"/logs is not mounted: it is a plain directory\"\n");
  EXPECT_THAT(property("Devices"), HasSubstr("\"devices\" as 1 \"259:0\""));
  EXPECT_THAT(property("Totals"), HasSubstr("a(stttt) 1 \"259:0\" 3000 3000 0 0"));
}

TEST_F(BusServiceTest, PropertiesTellWhatIsShared) {
  snapshot.sharing = {.state = ShareState::sharing,
                      .grants = 11,
                      .recalls = 12,
                      .changed = 1,
                      .below_msec = 1500,
                      .worst_recall_usec = 900};
  snapshot.devices[0].lent.read_iops = 1340;
  snapshot.containers[0].configured = snapshot.containers[0].rules;
  snapshot.containers[0].rules[0].limit.read_iops = 1840;
  start();
  EXPECT_EQ(property("ShareState"), "s \"sharing\"\n");
  EXPECT_EQ(property("ShareChanged"), "t 1\n");
  EXPECT_EQ(property("Grants"), "t 11\n");
  EXPECT_EQ(property("Recalls"), "t 12\n");
  EXPECT_EQ(property("BelowMsec"), "t 1500\n");
  EXPECT_EQ(property("WorstRecallUsec"), "t 900\n");
  EXPECT_THAT(property("Devices"), HasSubstr("\"lent_read_iops\" t 1340"));
  const std::string containers = call("ListContainers");
  EXPECT_THAT(containers, HasSubstr("\"rules\" a(stttt) 1 \"259:0\" 1840 500 0 0"));
  EXPECT_THAT(containers, HasSubstr("\"configured\" a(stttt) 1 \"259:0\" 500 500 0 0"));
}

TEST_F(BusServiceTest, EveryPropertyCanBeRead) {
  start();
  const std::string all =
      busctl("introspect org.iopslimit1 /org/iopslimit1 org.iopslimit1.Manager");
  for (const char* member : {".Version",
                             ".Devices",
                             ".LastReload",
                             ".Waiting",
                             ".Repaired",
                             ".LastErrorAt",
                             ".LeftAlone",
                             ".Hierarchy",
                             ".LinesDropped",
                             ".Problems",
                             ".RuntimeSocket",
                             ".ShareState",
                             ".ShareChanged",
                             ".Grants",
                             ".Recalls",
                             ".BelowMsec",
                             ".WorstRecallUsec",
                             ".ListContainers",
                             ".ListPods",
                             ".ListAdvice",
                             ".Explain",
                             ".Reload",
                             ".Clear",
                             ".Pause",
                             ".Resume",
                             ".ContainerLimited",
                             ".ContainerExempted",
                             ".DriftRepaired",
                             ".DeviceChanged"}) {
    EXPECT_THAT(all, HasSubstr(member));
  }
  EXPECT_THAT(busctl("call org.iopslimit1 /org/iopslimit1 org.freedesktop.DBus.Properties GetAll s "
                     "org.iopslimit1.Manager"),
              HasSubstr("a{sv} 33 "));
}

TEST_F(BusServiceTest, MakesOneSummaryForAllPropertiesUntilSomethingChanges) {
  start();
  const std::string get_all =
      "call org.iopslimit1 /org/iopslimit1 org.freedesktop.DBus.Properties GetAll s "
      "org.iopslimit1.Manager";
  const std::string before = busctl(get_all);
  EXPECT_EQ(summaries, 1);
  EXPECT_EQ(busctl(get_all), before);
  EXPECT_EQ(property("Writes"), "t 12\n");
  EXPECT_EQ(summaries, 1);
  snapshot.writes = 13;
  ++revision;
  EXPECT_EQ(property("Writes"), "t 13\n");
  EXPECT_EQ(summaries, 2);
  EXPECT_EQ(snapshots, 0) << "no list of containers is made";
}

TEST_F(BusServiceTest, OneUserHasSoManyAnswersInTheMaking) {
  start();
  const auto one = bus.connect();
  std::vector<std::string> errors;
  for (std::size_t count = 0; count < 2 * Callers::most_at_work; ++count)
    ASSERT_GE(sd_bus_call_method_async(
                  one.get(), nullptr, bus_name, bus_path, bus_interface, "ListPods",
                  [](sd_bus_message* reply, void* all, sd_bus_error*) {
                    const sd_bus_error* error = sd_bus_message_get_error(reply);
                    static_cast<decltype(errors)*>(all)->emplace_back(
                        error == nullptr ? "" : error->name);
                    return 0;
                  },
                  &errors, ""),
              0);
  ASSERT_GE(sd_bus_attach_event(one.get(), loop.event(), event_priority(Priority::first)), 0);
  turn_until([&] { return errors.size() == 2 * Callers::most_at_work; });
  EXPECT_THAT(errors, Contains(SD_BUS_ERROR_LIMITS_EXCEEDED));
  EXPECT_THAT(errors, Contains(""));
  EXPECT_THAT(call("ListPods"), HasSubstr("aa{sv} 4"));
  sd_bus_detach_event(one.get());
}

TEST_F(BusServiceTest, AnswersWithAnErrorWhenAHandlerThrows) {
  start();
  broken = true;
  EXPECT_THAT(call("ListContainers"), HasSubstr("it broke"));
  EXPECT_THAT(call("Pause st db 60"), HasSubstr("it broke"));
  EXPECT_THAT(property("Writes"), HasSubstr("it broke"));
  broken = false;
  EXPECT_THAT(call("ListContainers"), HasSubstr("aa{sv} 6"));
}

TEST_F(BusServiceTest, EverybodyMayRead) {
  start();
  EXPECT_THAT(call_as_nobody("ListContainers"), HasSubstr("aa{sv} 6 20 \"id\" s \"aaaa"));
  EXPECT_THAT(call_as_nobody("ListPods"), HasSubstr("aa{sv} 4 12 \"pod\" s \"job-2\""));
  EXPECT_THAT(call_as_nobody("ListAdvice"), HasSubstr("aa{sv} 5 26 \"total\" b true"));
  EXPECT_EQ(advice_calls, 6) << "made piece by piece";
  EXPECT_THAT(call_as_nobody("ListAdvice"), HasSubstr("\"read_target\" t 690"));
  EXPECT_THAT(call_as_nobody("Explain s db"), HasSubstr("\"steps\" as 1 \"looked at db\""));
}

TEST_F(BusServiceTest, ANameIsAContainersOrAPods) {
  start();
  EXPECT_THAT(call("Explain s shop/web-1"), HasSubstr("aa{sv} 3 21"));
  EXPECT_THAT(call("Explain s web"), HasSubstr("'web' may be any of:\n  shop/web-1/web (bbbb"));
  EXPECT_THAT(call("Explain s nobody"), HasSubstr("no container or pod is called 'nobody'"));
  EXPECT_THAT(call("Explain s bb"), HasSubstr("looked at web"));
}

TEST_F(BusServiceTest, RootChangesWithoutPolkit) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  EXPECT_EQ(call("Reload"), "");
  EXPECT_EQ(call("Clear"), "");
  EXPECT_THAT(call("Pause st db 60"), HasSubstr("\"cgroup\" s"));
  EXPECT_THAT(call("Resume s shop/db-0"), HasSubstr("\"name\" s \"shop/db-0\" \"pod_uid\" s"));
  EXPECT_THAT(done,
              ElementsAre("reload", "clear", "pause " + snapshot.containers[0].path.cgroup + " 60",
                          "resume " + snapshot.containers[0].path.pod_uid));
}

TEST_F(BusServiceTest, ErrorsAreAnswered) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  refused = {"/etc/x:3: no such key", "/etc/x:4: no such section"};
  EXPECT_THAT(call("Reload"), HasSubstr("/etc/x:3: no such key\n/etc/x:4: no such section"));
  EXPECT_THAT(call("Pause st db 86401"), HasSubstr("a pause lasts from 1 s to 24 h"));
  EXPECT_THAT(call("Pause st db 0"), HasSubstr("a pause lasts from 1 s to 24 h"));
  EXPECT_THAT(call("Pause st web 60"), HasSubstr("may be any of"));
  was_paused = false;
  EXPECT_THAT(call("Resume s db"), HasSubstr("is not paused"));
  EXPECT_THAT(done, ElementsAre("reload", HasSubstr("resume")));
}

TEST_F(BusServiceTest, OthersAreRefusedWithoutPolkit) {
  start();
  for (const char* method : {"Reload", "Clear", "Pause st db 60", "Resume s db"}) {
    EXPECT_THAT(call_as_nobody(method), HasSubstr("Access denied"));
  }
  EXPECT_THAT(done, IsEmpty());
}

TEST_F(BusServiceTest, OthersAreRefusedByPolkit) {
  start();
  FakePolkit polkit(bus, loop, FakePolkit::Mood::no);
  for (const char* method : {"Reload", "Clear", "Pause st db 60", "Resume s db"}) {
    EXPECT_THAT(call_as_nobody(method), HasSubstr("Access denied"));
  }
  EXPECT_THAT(done, IsEmpty());
  EXPECT_THAT(polkit.requested, ElementsAre("org.iopslimit1.reload", "org.iopslimit1.clear",
                                            "org.iopslimit1.pause", "org.iopslimit1.pause"));
}

TEST_F(BusServiceTest, OthersMayWhatPolkitLetsThem) {
  start();
  FakePolkit polkit(bus, loop, FakePolkit::Mood::yes);
  EXPECT_EQ(call_as_nobody("Clear"), "");
  EXPECT_THAT(done, ElementsAre("clear"));
}

TEST_F(BusServiceTest, AsksForAPasswordIfTheCallerAllowsIt) {
  start();
  FakePolkit polkit(bus, loop, FakePolkit::Mood::challenge);
  EXPECT_THAT(call_as_nobody("Clear", "--allow-interactive-authorization=yes"),
              HasSubstr("polkit wants a password for org.iopslimit1.clear"));
  EXPECT_THAT(call_as_nobody("Clear", "--allow-interactive-authorization=no"),
              HasSubstr("polkit wants a password"));
  EXPECT_THAT(polkit.interactive, ElementsAre(true, false));
  EXPECT_THAT(done, IsEmpty());
}

TEST_F(BusServiceTest, APolkitThatTakesItsTimeHoldsNothingUp) {
  start();
  FakePolkit polkit(bus, loop, FakePolkit::Mood::silent);
  FILE* caller = popen((as_nobody("Clear", "--timeout=1") + " >/dev/null 2>&1").c_str(), "re");
  turn_until([&polkit] { return !polkit.requested.empty(); });
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
  EXPECT_THAT(done, IsEmpty());
  pclose(caller);
}

TEST_F(BusServiceTest, TheBusComesBack) {
  start();
  bus.stop();
  turn_until([this] { return !away.empty(); });
  bus.start();
  turn_until([this] { return away.size() == 2; });
  EXPECT_THAT(away, ElementsAre(HasSubstr("the system bus went away"), ""));
  EXPECT_THAT(announced, IsEmpty());
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
}

TEST_F(BusServiceTest, LeavesABusThatDoesNotReadAndComesBack) {
  const ShortBusTimeout timeout;
  start();
  bus.suspend();
  const auto used = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const std::size_t before = used();
  Event event;
  event.action = Action::limited;
  event.text = std::string(1000, 'x');
  for (int count = 0; count < 20000; ++count) api->emit(event);
  EXPECT_LT(used() - before, 4U << 20U);
  turn_until([this] { return !away.empty(); });
  EXPECT_THAT(away, ElementsAre(HasSubstr("the system bus does not answer")));
  bus.resume();
  turn_until([this] { return away.size() == 2; });
  EXPECT_EQ(away.back(), "");
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
}

// It takes the connection, and says nothing to the request for the name.
TEST_F(BusServiceTest, AsksForTheNameAgainWhenTheBusDoesNotAnswer) {
  const ShortBusTimeout timeout;
  bus.stop();
  auto silent = std::make_unique<SilentBus>(loop, bus.socket());
  make();
  turn_until([&] { return silent->asked_for_names() == 2; });
  silent.reset();
  bus.start();
  turn_until([this] { return !announced.empty() && announced.back().starts_with("on the bus"); });
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
}

TEST_F(BusServiceTest, TheBusMayComeLater) {
  bus.stop();
  api.reset();
  sd_event_source* later = nullptr;
  sd_event_add_time_relative(
      loop.event(), &later, CLOCK_MONOTONIC, 10000, 0,
      [](sd_event_source*, std::uint64_t, void* self) {
        static_cast<PrivateBus*>(self)->start();
        return 0;
      },
      &bus);
  start();
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
  sd_event_source_unref(later);
}

TEST_F(BusServiceTest, AQuestionToPolkitEndsWithTheBus) {
  start();
  {
    FakePolkit polkit(bus, loop, FakePolkit::Mood::silent);
    FILE* caller = popen((as_nobody("Clear", "") + " >/dev/null 2>&1").c_str(), "re");
    turn_until([&polkit] { return !polkit.requested.empty(); });
    bus.stop();
    pclose(caller);
  }
  turn_until([this] { return !away.empty(); });
  EXPECT_THAT(away, ElementsAre(HasSubstr("went away")));
  EXPECT_THAT(done, IsEmpty());
}

TEST_F(BusServiceTest, ReportsBecomeSignals) {
  start();
  const auto listener = bus.connect();
  std::vector<std::string> heard;
  ASSERT_GE(
      sd_bus_match_signal(
          listener.get(), nullptr, "org.iopslimit1", nullptr, nullptr, nullptr,
          [](sd_bus_message* signal, void* bound, sd_bus_error*) {
            static_cast<decltype(heard)*>(bound)->emplace_back(sd_bus_message_get_member(signal));
            return 0;
          },
          &heard),
      0);
  ASSERT_GE(sd_bus_attach_event(listener.get(), loop.event(), 0), 0);
  Event event;
  event.container_id = sample_id('a');
  event.pod_name = "na\xffme\n";  // the bus takes no such text
  for (const Action action :
       {Action::none, Action::limited, Action::exempted, Action::limit_failed, Action::repaired}) {
    event.action = action;
    api->emit(event);
  }
  api->reloaded();
  api->devices_changed();
  turn_until([&heard] { return !heard.empty() && heard.back() == "DeviceChanged"; });
  EXPECT_THAT(heard, ElementsAre("ContainerLimited", "ContainerExempted", "DriftRepaired",
                                 "PropertiesChanged", "DeviceChanged"));
  sd_bus_detach_event(listener.get());
}

TEST_F(BusServiceTest, WithoutABusSignalsGoNowhere) {
  start();
  bus.stop();
  turn_until([this] { return !away.empty(); });
  Event event;
  event.action = Action::limited;
  api->emit(event);
  api->devices_changed();
  api->reloaded();
}

// In a process of its own: 0 when each method is answered with `errors`' own word, "" being no
// error. busctl cannot do this: it greets as one greets a bus.
int call_on_socket(const std::string& path, const std::map<std::string, std::string>& errors) {
  sd_bus* bus = nullptr;
  if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, ("unix:path=" + path).c_str()) < 0 ||
      sd_bus_start(bus) < 0)
    return 1;
  for (const auto& [method, wanted] : errors) {
    sd_bus_error error{};
    sd_bus_call_method(bus, nullptr, bus_path, bus_interface, method.c_str(), &error, nullptr, "");
    if ((error.name == nullptr ? "" : error.name) != wanted) return 2;
  }
  return 0;
}

// Root's own way: no bus, no polkit, the kernel says who it is.
TEST_F(BusServiceTest, AnswersOnTheSocketBesideTheBus) {
  start();
  bus.stop();
  const bool root = geteuid() == 0;
  const pid_t child = fork();
  if (child == 0)
    _exit(call_on_socket(bus.beside("private"),
                         {{"ListPods", ""}, {"Clear", root ? "" : SD_BUS_ERROR_ACCESS_DENIED}}));
  int status = -1;
  while (waitpid(child, &status, WNOHANG) == 0) sd_event_run(loop.event(), 10000);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(done, SizeIs(root ? 1 : 0));
}

/// Sends `count` calls as another user than root on each of `connections` connections to `address`,
/// and reads no answer until the end. Returns the answers that are errors LimitsExceeded, or -1.
int flood(const std::string& address, bool is_bus, int connections, int count,
          const char* interface, const char* method, const char* argument) {
  std::vector<sd_bus*> all;
  static int refused = 0;
  static int left = 0;
  refused = 0;
  left = connections * count;
  for (int one = 0; one < connections; ++one) {
    sd_bus* bus = nullptr;
    if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address.c_str()) < 0 ||
        sd_bus_set_bus_client(bus, is_bus ? 1 : 0) < 0 || sd_bus_start(bus) < 0)
      return -1;
    for (int call = 0; call < count; ++call)
      sd_bus_call_method_async(
          bus, nullptr, is_bus ? "org.iopslimit1" : nullptr, bus_path, interface, method,
          [](sd_bus_message* reply, void*, sd_bus_error*) {
            --left;
            refused +=
                sd_bus_message_is_method_error(reply, SD_BUS_ERROR_LIMITS_EXCEEDED) > 0 ? 1 : 0;
            return 0;
          },
          nullptr, argument == nullptr ? "" : "s", argument);
    all.push_back(bus);
  }
  while (left > 0) {
    int progress = 0;
    for (sd_bus* bus : all) {
      int more = 0;
      while ((more = sd_bus_process(bus, nullptr)) > 0) ++progress;
      if (more < 0) return -1;
    }
    if (progress == 0) sd_bus_wait(all.front(), 10000);
  }
  return refused;
}

/// Makes one call after the other as another user. Returns how many of them were refused.
int calls_in_a_row(const std::string& address, int count) {
  sd_bus* bus = nullptr;
  if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address.c_str()) < 0 ||
      sd_bus_set_bus_client(bus, 1) < 0 || sd_bus_start(bus) < 0)
    return -1;
  int refused = 0;
  for (int call = 0; call < count; ++call) {
    sd_bus_error error{};
    sd_bus_call_method(bus, "org.iopslimit1", bus_path, "org.freedesktop.DBus.Properties", "GetAll",
                       &error, nullptr, "s", bus_interface);
    if (sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED) != 0) ++refused;
    sd_bus_error_free(&error);
  }
  return refused;
}

/// Sends calls for lists on many connections, and never reads. Says on `done` when all are sent.
[[noreturn]] void call_and_never_read(const std::string& path, int connections, int count,
                                      int done) {
  for (int one = 0; one < connections; ++one) {
    sd_bus* bus = nullptr;
    if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, ("unix:path=" + path).c_str()) < 0 ||
        sd_bus_start(bus) < 0)
      _exit(1);
    for (int call = 0; call < count; ++call)
      sd_bus_call_method_async(
          bus, nullptr, nullptr, bus_path, bus_interface, "ListContainers",
          [](sd_bus_message*, void*, sd_bus_error*) { return 0; }, nullptr, "");
    sd_bus_flush(bus);
  }
  static_cast<void>(write(done, &count, sizeof count));
  for (;;) pause();
}

struct BusFloodTest : BusServiceTest {
  const LongBusTimeout timeout;
  std::array<int, 2> result{};

  /// Runs flood() in a process of another user; the loop turns until it is over, or `is_over(idle)`
  /// is: idle if the loop has nothing to do.
  template <class Flood, class Done>
  int run_flood(bool drops_root, const Flood& flood, const Done& is_over) {
    EXPECT_EQ(pipe2(result.data(), O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
      if (drops_root && geteuid() == 0 && setuid(65534) != 0) _exit(1);
      const int count = flood();
      _exit(write(result[1], &count, sizeof count) == sizeof count ? 0 : 1);
    }
    int status = -1;
    bool idle = false;
    while (waitpid(child, &status, WNOHANG) == 0 && !is_over(idle))
      idle = sd_event_run(loop.event(), 10000) == 0;
    if (status == -1) {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
    }
    close(result[1]);
    int count = -1;
    static_cast<void>(read(result[0], &count, sizeof count));
    close(result[0]);
    return count;
  }
  void have_many_containers() {
    const auto some = snapshot.containers;
    for (int times = 100; times < 200; ++times) {
      for (WorkloadView one : some) {
        one.path.cgroup = one.path.cgroup.str() + "-" + std::to_string(times);
        snapshot.containers.push_back(one);
      }
    }
    std::ranges::sort(snapshot.containers, {},
                      [](const WorkloadView& one) { return one.path.cgroup; });
  }
};

TEST_F(BusFloodTest, OneUserHasSoManyCallsASecond) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  const auto begin = std::chrono::steady_clock::now();
  const int count = run_flood(
      true, [this] { return calls_in_a_row(bus.address(), 3000); }, [](bool) { return false; });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double had =
      CallBudget::most_at_once + CallBudget::calls_a_second * took.count() + 8;  // as a newcomer
  EXPECT_GE(count, 3000 - had);
  EXPECT_LT(count, 2900);
  EXPECT_EQ(property("Version"), "s \"1.2.3\"\n");
  EXPECT_EQ(call("Reload"), "");
}

TEST_F(BusFloodTest, OneUserHasSoManyLists) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  have_many_containers();
  start();
  const int count = run_flood(
      true,
      [this] {
        return flood(bus.address(), true, 60, 120, bus_interface, "ListContainers", nullptr);
      },
      [](bool) { return false; });
  EXPECT_GT(count, 6000);
  // A newcomer waits for the end of the debt that the others of them have.
  std::string answer = call("ListContainers");
  for (int again = 0; again < 1000 && answer.starts_with("Call failed: more"); ++again)
    answer = call("ListContainers");
  EXPECT_THAT(answer, HasSubstr("aa{sv} 606"));
}

// On a large node where containers come all the time.
TEST_F(BusFloodTest, OneUserHasSoMuchTime) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  summary_takes = std::chrono::milliseconds(5);
  const int count = run_flood(
      true, [this] { return calls_in_a_row(bus.address(), 60); }, [](bool) { return false; });
  EXPECT_GT(count, 20);
  summary_takes = std::chrono::milliseconds(0);
  EXPECT_EQ(call("Reload"), "");
}

TEST_F(BusFloodTest, EveryMethodCounts) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  const struct {
    const char* interface;
    const char* method;
    const char* argument;
  } rows[] = {{bus_interface, "ListPods", nullptr},
              {bus_interface, "ListAdvice", nullptr},
              {bus_interface, "Explain", "shop/db-0"},
              {bus_interface, "Resume", "shop/db-0"},
              {bus_interface, "Preview", nullptr},  // without its arguments
              {bus_interface, "NoSuchMethod", nullptr},
              {"org.freedesktop.DBus.Introspectable", "Introspect", nullptr},
              {"org.freedesktop.DBus.Properties", "GetAll", bus_interface},
              {"org.freedesktop.DBus.Peer", "Ping", nullptr}};
  for (const auto& row : rows) {
    const int count = run_flood(
        true,
        [&] {
          return flood(bus.address(), true, 10, 100, row.interface, row.method, row.argument);
        },
        [](bool) { return false; });
    EXPECT_GT(count, 300) << row.method;
  }
  EXPECT_EQ(call("Reload"), "");
  EXPECT_THAT(done, ElementsAre("reload"));
}

TEST_F(BusFloodTest, PeersThatDoNotReadHaveABound) {
  have_many_containers();
  start();
  // Signed: what the start has left to be freed may be freed meanwhile.
  const auto used = [] {
    return static_cast<std::int64_t>(mallinfo2().uordblks + mallinfo2().hblkhd);
  };
  const std::int64_t before = used();
  std::int64_t most = 0;
  bool sent = false;
  const auto all_sent = [this] {
    pollfd told{.fd = result[0], .events = POLLIN, .revents = 0};
    return poll(&told, 1, 0) == 1;
  };
  run_flood(
      false, [this]() -> int { call_and_never_read(bus.beside("private"), 40, 120, result[1]); },
      [&](bool idle) {
        most = std::max(most, used() - before);
        const bool was_sent = std::exchange(sent, sent || all_sent());
        return snapshots > 250 || (idle && was_sent);
      });
  EXPECT_LT(most, 48 << 20);
  EXPECT_GT(snapshots, 0);
  EXPECT_LT(snapshots, 250) << "nothing bounds what the kernel keeps for the service";
  while (sd_event_run(loop.event(), 10000) > 0) {  // the peers end
  }
  EXPECT_THAT(call("ListContainers"), HasSubstr("aa{sv} 606"));
}

TEST_F(BusFloodTest, OpenQuestionsOfOneUserLeaveRoomForOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  start();
  FakePolkit polkit(bus, loop, FakePolkit::Mood::silent);
  const int count = run_flood(
      true, [this] { return flood(bus.address(), true, 20, 4, bus_interface, "Clear", nullptr); },
      [&](bool) { return polkit.requested.size() >= Polkit::most_of_one_user; });
  EXPECT_EQ(count, -1) << "it was over";
  EXPECT_EQ(call("Clear"), "");
  EXPECT_THAT(done, ElementsAre("clear"));
  EXPECT_THAT(polkit.requested, SizeIs(Polkit::most_of_one_user));
  // The callers are gone, and their questions with them.
  FILE* caller = popen((as_nobody("Clear", "--timeout=1") + " 2>&1").c_str(), "re");
  turn_until([&polkit] { return polkit.requested.size() > Polkit::most_of_one_user; });
  pclose(caller);
}

TEST_F(BusFloodTest, ANameHasABound) {
  start();
  EXPECT_THAT(call("Explain s " + std::string(5000, 'x')), HasSubstr("at most 4096 bytes"));
}

}  // namespace
}  // namespace iopslimit::bus_service_test
