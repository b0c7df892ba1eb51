// SPDX-License-Identifier: Apache-2.0
#include "service/repeated_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/loop_runs.hpp"
#include "support/real_service.hpp"

namespace iopslimit::repeated_changes_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Devnum disk{259, 0};
constexpr Devnum other_disk{259, 5};

Event restored(const std::string& cgroup, Devnum device = disk) {
  Event event;
  event.cgroup = cgroup;
  return repaired(std::move(event), {device, symmetric(500)}, {});
}

struct RepeatedChangesTest : testing::Test {
  RepeatedChanges::Contested note = [this](const std::set<std::string>& cgroups) {
    contested = cgroups;
    ++calls;
  };
  EventLoop loop;
  std::set<std::string> contested;
  unsigned calls = 0;
  RepeatedChanges changes{loop, note};
};

TEST_F(RepeatedChangesTest, TheSecondChangeOfALimitContestsIt) {
  changes.on_event(restored("/a"));
  changes.on_event(restored("/b"));
  EXPECT_TRUE(changes.any_of({"/0", "/a"}));
  EXPECT_FALSE(changes.any_of({"/0", "/a/b"}));
  run_for_a_while(loop);
  EXPECT_THAT(contested, IsEmpty());
  changes.on_event(restored("/a"));
  run_until(loop, [this] { return calls != 0; });
  EXPECT_THAT(contested, ElementsAre("/a"));
}

TEST_F(RepeatedChangesTest, ALimitThatNobodyChangesForAWhileIsContestedNoMore) {
  RepeatedChanges brief(loop, note, std::chrono::seconds(1));
  brief.on_event(restored("/a"));
  brief.on_event(restored("/a"));
  run_until(loop, [this] { return calls != 0; });
  EXPECT_THAT(contested, ElementsAre("/a"));
  run_until(loop, [this] { return contested.empty(); });
  EXPECT_FALSE(brief.any_of({"/a"}));
}

// The bound is halfway between the right moment and that of a review that counts from the one
// before.
TEST_F(RepeatedChangesTest, TheWhileBeginsAtTheLastChange) {
  constexpr std::chrono::seconds within(2);
  constexpr std::chrono::milliseconds later(1200);
  RepeatedChanges brief(loop, note, within);
  std::chrono::steady_clock::time_point last;
  Timer again(loop, [&] {
    brief.on_event(restored("/a"));
    last = std::chrono::steady_clock::now();
  });
  brief.on_event(restored("/a"));
  brief.on_event(restored("/a"));
  again.start(later);
  run_until(loop, [this] { return calls == 2; });
  EXPECT_THAT(contested, IsEmpty());
  const auto took = std::chrono::steady_clock::now() - last;
  EXPECT_GE(took, within - std::chrono::milliseconds(1));
  EXPECT_LT(took, within + (within - later) / 2);
}

TEST_F(RepeatedChangesTest, OneChangeOnTwoDisksIsNoSecondOne) {
  changes.on_event(restored("/a"));
  changes.on_event(restored("/a", other_disk));
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0U);
}

TEST_F(RepeatedChangesTest, ThoseThatComeTogetherAreOneCall) {
  for (const char* cgroup : {"/a", "/b", "/c", "/a", "/b", "/c", "/a"})
    changes.on_event(restored(cgroup));
  run_until(loop, [this] { return calls != 0; });
  EXPECT_THAT(contested, ElementsAre("/a", "/b", "/c"));
  EXPECT_EQ(calls, 1U);
}

TEST_F(RepeatedChangesTest, AnotherEventAndACgroupThatIsGoneAreNone) {
  Event event = restored("/a");
  event.action = Action::limited;
  changes.on_event(event);
  changes.on_event(event);
  EXPECT_FALSE(changes.any_of({"/a"}));
  changes.on_event(restored("/a"));
  changes.forget("/a");
  changes.on_event(restored("/a"));
  run_for_a_while(loop);
  EXPECT_EQ(calls, 0U);
}

// The service itself: a container that changes its limit twice, on a tree of plain files.
TEST(OwnLimit, PodIsLimitedFromTheSecondChangeOn) {
  RealService service(CgroupVersion::v2);
  const std::string cgroup = service.make(1, 0);
  service.finish();
  ASSERT_TRUE(service.limited(cgroup));
  const std::string pod = RealService::pod(0);
  service.change(pod, "");
  for (int change = 0; change < 2; ++change) {
    EXPECT_FALSE(service.node().holds(pod));
    service.change(cgroup, "");
    service.turn_until([&] { return service.limited(cgroup); });
  }
  service.turn_until([&] { return service.limited(pod); });
  EXPECT_TRUE(service.node().holds(pod));
}

}  // namespace
}  // namespace iopslimit::repeated_changes_test
