// SPDX-License-Identifier: Apache-2.0
#include "control/announcer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace iopslimit::announcer_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct AnnouncerTest : testing::Test {
  Announcer announcer;
  std::vector<std::string> heard;

  void listen(const std::string& name) {
    announcer.add_listener(
        [this, name](const Event& event) { heard.push_back(name + ": " + event.text); });
  }
  void emit(const std::string& text) {
    announcer.emit(service_event(Severity::info, Action::none, text));
  }
  void deliver_all() {
    while (announcer.deliver_one()) {
    }
  }
};

Workload limited(const std::string& name) {
  Workload workload;
  workload.path = {.cgroup = "/kubepods/pod0a/" + name, .id = name, .pod_uid = "0a"};
  workload.record = Record{.name = name};
  workload.decision.verdict = Verdict::limited;
  workload.held = {{{259, 0}, symmetric(500)}};
  return workload;
}

TEST_F(AnnouncerTest, PassesEachEventToEveryListenerInTheirOrder) {
  listen("one");
  listen("two");
  listen("three");
  emit("a");
  emit("b");
  EXPECT_TRUE(announcer.deliver_one());
  EXPECT_THAT(heard, ElementsAre("one: a", "two: a", "three: a"));
  EXPECT_TRUE(announcer.deliver_one());
  EXPECT_EQ(heard.size(), 6U);
  EXPECT_FALSE(announcer.deliver_one());
}

TEST_F(AnnouncerTest, CreatesTheEventOfADecisionWhenItIsDelivered) {
  listen("");
  Workload web = limited("web");
  announcer.decided(web, {});
  EXPECT_TRUE(web.waits);
  web.held = {{{259, 0}, symmetric(300)}};
  deliver_all();
  EXPECT_FALSE(web.waits);
  EXPECT_THAT(heard, ElementsAre(HasSubstr("read 300 IOPS")));
}

TEST_F(AnnouncerTest, SettledEventSaysWhatWasTrueBefore) {
  listen("");
  Workload web = limited("web");
  announcer.decided(web, {});
  announcer.settle(web);
  web.held = {{{259, 0}, symmetric(300)}};
  deliver_all();
  EXPECT_THAT(heard, ElementsAre(HasSubstr("read 500 IOPS")));
}

TEST_F(AnnouncerTest, KeepsTheOrderOfDecisionsAndOtherEvents) {
  listen("");
  Workload web = limited("web");
  Workload db = limited("db");
  announcer.decided(web, {});
  emit("between");
  announcer.decided(db, {});
  deliver_all();
  EXPECT_THAT(heard, ElementsAre(HasSubstr("limited: web"), HasSubstr("between"),
                                 HasSubstr("limited: db")));
}

TEST_F(AnnouncerTest, SkipsADecisionWhoseLimitFailedMeanwhile) {
  listen("");
  Workload web = limited("web");
  announcer.decided(web, {});
  web.last_error = std::make_error_code(std::errc::io_error);
  EXPECT_FALSE(announcer.deliver_one());
}

}  // namespace
}  // namespace iopslimit::announcer_test
