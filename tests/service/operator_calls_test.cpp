// SPDX-License-Identifier: Apache-2.0
// An operator's calls, from the system bus to the limit files, by the whole service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "iopsctl/client.hpp"
#include "loop/clock.hpp"
#include "support/private_bus.hpp"
#include "support/real_service.hpp"

namespace iopslimit::operator_calls_test {
namespace {

using testing::HasSubstr;

struct OperatorCallsTest : testing::Test {
  PrivateBus bus;
  std::optional<RealService> service;
  std::string database;
  std::string web;

  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    bus.start();
    service.emplace(CgroupVersion::v2, 1, std::vector<NamedPolicy>(), bus.address());
    const PrivateBus::Connection connection = bus.connect();
    while (!is_on(connection.get())) service->turn();
    database = service->make(1, 0);
    web = service->make(2, 0);
    service->finish();
    ASSERT_TRUE(limited(database) && limited(web));
  }
  static bool is_on(sd_bus* connection) {
    sd_bus_message* reply = nullptr;
    int owned = 0;
    EXPECT_GE(
        sd_bus_call_method(connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                           "org.freedesktop.DBus", "NameHasOwner", nullptr, &reply, "s", bus_name),
        0);
    EXPECT_GE(sd_bus_message_read(reply, "b", &owned), 0);
    sd_bus_message_unref(reply);
    return owned != 0;
  }
  bool limited(const std::string& cgroup) const { return service->limited(cgroup); }
  /// A client in a process of its own: this one's loop has to turn meanwhile.
  template <class Ask>
  void client(const Ask& ask) {
    const pid_t child = fork();
    if (child == 0) {
      setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address().c_str(), 1);
      Client client(Paths("/nowhere"));  // has no socket
      _exit(ask(client) ? 0 : 1);
    }
    int status = -1;
    while (waitpid(child, &status, WNOHANG) == 0) service->finish();
    EXPECT_EQ(status, 0);
  }
  void pause(const std::string& cgroup, std::chrono::seconds span) {
    client([&](Client& operator_) {
      operator_.pause(cgroup, span);
      return true;
    });
  }
};

TEST_F(OperatorCallsTest, PausesAndResumesOneContainer) {
  pause(database, std::chrono::seconds(600));
  EXPECT_FALSE(limited(database));
  EXPECT_TRUE(limited(web));
  EXPECT_THAT(service->text("/run/pauses"), HasSubstr(" " + database + "\n"));
  client([](Client& client) {
    const Snapshot snapshot = client.snapshot();
    const WorkloadView& first = snapshot.containers.front();
    const std::uint64_t left = first.paused_until - wall_seconds();
    return first.state == State::paused && left >= 590 && left <= 600;
  });
  client([&](Client& client) {
    client.resume(database);
    return true;
  });
  EXPECT_TRUE(limited(database));
  EXPECT_EQ(service->text("/run/pauses"), "");
}

TEST_F(OperatorCallsTest, KeepsAPauseAfterARestart) {
  pause(database, std::chrono::seconds(600));
  service->restart();
  EXPECT_FALSE(limited(database));
  EXPECT_TRUE(limited(web));
}

TEST_F(OperatorCallsTest, LimitsAgainWhenAPauseEnds) {
  pause(database, std::chrono::seconds(2));  // whole seconds: at least one
  EXPECT_FALSE(limited(database));
  while (!limited(database)) service->turn();
  EXPECT_EQ(service->text("/run/pauses"), "");
}

TEST_F(OperatorCallsTest, ClearTakesEveryLimitAwayFromNewContainersToo) {
  client([](Client& client) {
    client.clear();
    return client.snapshot().cleared;
  });
  const std::string late = service->make(3, 0);
  service->finish();
  for (const std::string& cgroup : {database, web, late}) EXPECT_FALSE(limited(cgroup)) << cgroup;
}

TEST_F(OperatorCallsTest, ShowsAContainerThatCannotBeLimited) {
  service->make(3, 0, RealService::usual_record(), true);
  service->finish();
  client([](Client& client) {
    const Snapshot snapshot = client.snapshot();
    return snapshot.errors == 1 && snapshot.count(State::failed) == 1 &&
           snapshot.last_error.find("not limited: ") != std::string::npos &&
           snapshot.last_error_at != 0;
  });
}

}  // namespace
}  // namespace iopslimit::operator_calls_test
