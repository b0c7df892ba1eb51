// SPDX-License-Identifier: Apache-2.0
#include "systemd/scope.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "support/pipe.hpp"
#include "support/private_bus.hpp"

namespace iopslimit::scope_test {
namespace {

/// What the fake systemd does with the call. It is a process of its own, because the call blocks.
enum class Mood { done, failed, exists, denied };

struct Fake {
  Mood mood;
  pid_t expected;
};

bool is_right(sd_bus_message* call, pid_t expected) {
  const char *name = nullptr, *mode = nullptr, *key = nullptr, *text = nullptr, *slice = nullptr;
  unsigned pid = 0;
  return sd_bus_message_read(call, "ss", &name, &mode) > 0 &&
         sd_bus_message_enter_container(call, 'a', "(sv)") > 0 &&
         sd_bus_message_read(call, "(sv)", &key, "s", &text) > 0 &&
         sd_bus_message_read(call, "(sv)", &key, "s", &slice) > 0 &&
         sd_bus_message_read(call, "(sv)", &key, "au", 1, &pid) > 0 &&
         std::string(name) == "test.scope" && std::string(mode) == "fail" &&
         std::string(text) == "tests" && std::string(slice) == "system.slice" &&
         std::string(key) == "PIDs" && static_cast<pid_t>(pid) == expected;
}

void job_removed(sd_bus* bus, const char* unit, const char* result) {
  sd_bus_emit_signal(bus, "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                     "JobRemoved", "uoss", 7U, "/org/freedesktop/systemd1/job/7", unit, result);
}

int start(sd_bus_message* call, void* data, sd_bus_error*) {
  const auto* fake = static_cast<Fake*>(data);
  if (!is_right(call, fake->expected))
    return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INVALID_ARGS, "a wrong call");
  if (fake->mood == Mood::exists)
    return sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.UnitExists", "it exists");
  if (fake->mood == Mood::denied)
    return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED, "not you");
  // The job may be done before the answer to the call is read; that of another unit says nothing.
  sd_bus* bus = sd_bus_message_get_bus(call);
  job_removed(bus, "other.scope", "canceled");
  job_removed(bus, "test.scope", fake->mood == Mood::done ? "done" : "failed");
  return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/7");
}

const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StartTransientUnit", "ssa(sv)a(sa(sv))", "o", start, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END};

[[noreturn]] void serve(const PrivateBus& bus, Fake fake, const Pipe& ready) {
  const PrivateBus::Connection own = bus.connect();
  sd_bus_add_object_vtable(own.get(), nullptr, "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", vtable, &fake);
  if (sd_bus_request_name(own.get(), "org.freedesktop.systemd1", 0) < 0) _exit(1);
  ready.fill();
  while (sd_bus_wait(own.get(), UINT64_MAX) >= 0) {
    while (sd_bus_process(own.get(), nullptr) > 0) {
    }
  }
  _exit(0);
}

class ScopeTest : public testing::Test {
 protected:
  void SetUp() override { bus_.start(); }

  ScopeAnswer move(Mood mood, std::string& why) {
    const Pipe ready;
    const pid_t self = getpid();
    const pid_t systemd = fork();
    if (systemd == 0) serve(bus_, {mood, self}, ready);
    ready.drain();
    const PrivateBus::Connection own = bus_.connect();
    const ScopeAnswer answer = move_into_scope(own.get(), "test.scope", "tests", why);
    kill(systemd, SIGKILL);
    waitpid(systemd, nullptr, 0);
    return answer;
  }

  PrivateBus bus_;
};

TEST_F(ScopeTest, ReturnsWhenTheJobIsDone) {
  std::string why;
  EXPECT_EQ(move(Mood::done, why), ScopeAnswer::moved) << why;
  EXPECT_EQ(why, "");
}

TEST_F(ScopeTest, SaysWhatFailed) {
  struct Row {
    Mood mood;
    ScopeAnswer answer;
    const char* why;
  };
  const Row rows[] = {{Mood::failed, ScopeAnswer::failed, "systemd says: failed"},
                      {Mood::exists, ScopeAnswer::name_taken, "it exists"},
                      {Mood::denied, ScopeAnswer::failed, "not you"}};
  for (const Row& row : rows) {
    std::string why;
    EXPECT_EQ(move(row.mood, why), row.answer) << row.why;
    EXPECT_EQ(why, row.why);
  }
}

TEST_F(ScopeTest, NeedsASystemdOnTheBus) {
  const PrivateBus::Connection own = bus_.connect();
  std::string why;
  EXPECT_EQ(move_into_scope(own.get(), "test.scope", "tests", why), ScopeAnswer::failed);
  EXPECT_NE(why, "");
}

}  // namespace
}  // namespace iopslimit::scope_test
