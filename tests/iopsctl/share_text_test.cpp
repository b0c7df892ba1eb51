// SPDX-License-Identifier: Apache-2.0
// What the screens say of sharing.
#include "iopsctl/share_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "iopsctl/screens.hpp"
#include "iopsctl/top_view.hpp"
#include "support/sample_snapshot.hpp"

namespace iopslimit::share_text_test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

WorkloadView with(const Limit& configured, const Limit& now) {
  WorkloadView one = sample_container('a', "shop", "db-0", "db");
  one.rules = {{{259, 0}, now}};
  if (configured != now) one.configured = {{{259, 0}, configured}};
  return one;
}

struct ShareRow {
  Limit configured;
  Limit now;
  const char* limit;
  const char* note;
  const char* shortest;
};

TEST(ShareText, GuaranteeAndDifference) {
  const std::string cut = ": the busy ones want more than the total";
  const std::vector<ShareRow> rows{
      {symmetric(500), symmetric(500), "500", "", ""},
      {symmetric(500), symmetric(1840), "500 +1,340", "borrows 1,340", "+1.3K"},
      {symmetric(500), symmetric(330), "500 -170", "cut by 170", "-170"},
      {symmetric(500),
       {.read_iops = 1840, .write_iops = 500},
       "500 +1,340r",
       "borrows 1,340 reads/s",
       "+1.3Kr"},
      {symmetric(500),
       {.read_iops = 1840, .write_iops = 330},
       "500 +1,340r -170w",
       "borrows 1,340 reads/s; cut by 170 writes/s",
       "+1.3Kr"},
      {symmetric(500),
       {.read_iops = 510, .write_iops = 330},
       "500 +10r -170w",
       "borrows 10 reads/s; cut by 170 writes/s",
       "-170w"},
      {{.read_iops = 300, .write_iops = 600, .read_bps = 1048576},
       {.read_iops = 400, .write_iops = 700, .read_bps = 1398101},
       "300r 600w 1.0Mr/s +100",
       "borrows 100",
       "+100"},
      {{.write_iops = 500},
       {.read_iops = 800, .write_iops = 500},
       "500w, 800r now",
       "cut to 800 reads/s",
       "cut"},
      {{}, symmetric(800), "max, 800 now", "cut to 800", "cut"},
  };
  for (const ShareRow& row : rows) {
    const WorkloadView one = with(row.configured, row.now);
    const std::string note = row.note;
    EXPECT_EQ(shared_limits(one), row.limit);
    EXPECT_EQ(share_note(one), note + (note.find("cut") == std::string::npos ? "" : cut));
    EXPECT_EQ(short_difference(one), row.shortest) << row.limit;
  }
}

TEST(ShareText, EachDistinctLimitOnce) {
  WorkloadView one = with(symmetric(500), symmetric(600));
  one.rules.push_back({{259, 1}, symmetric(600)});
  one.configured.push_back({{259, 1}, symmetric(500)});
  EXPECT_EQ(shared_limits(one), "500 +100");
  EXPECT_EQ(share_note(one), "borrows 200") << "of both disks";
  one.rules[1].limit = symmetric(500);
  EXPECT_EQ(shared_limits(one), "500 +100, 500");
  one.rules.clear();
  one.configured.clear();
  EXPECT_EQ(shared_limits(one), "-");
}

TEST(ShareText, ConfiguredRulesOfAnotherServiceAreLeft) {
  WorkloadView one = with(symmetric(500), symmetric(600));
  one.configured.push_back({{259, 1}, symmetric(7)});
  EXPECT_EQ(shared_limits(one), "600");
  EXPECT_EQ(share_note(one), "");
}

TEST(ShareText, WhatAContainerLends) {
  WorkloadView one = with(symmetric(500), symmetric(500));
  one.lends_read_iops = one.lends_write_iops = 1423;
  EXPECT_EQ(share_note(one), "lends 1,423");
  one.lends_write_iops = 0;
  EXPECT_EQ(share_note(one), "lends 1,423 reads/s");
}

TEST(ShareText, List) {
  Snapshot snapshot = sharing_snapshot();
  EXPECT_THAT(
      list_screen(snapshot, {}, false, 0, {.width = 140}),
      AllOf(Contains("shop/db-0     db           limited  500 +1,340r     -  [limits] iops "
                     "(default); borrows 1,340 reads/s"),
            Contains("shop/web-1    web          limited  500 -170w       -  [limits] iops "
                     "(default); cut by 170 writes/s: the busy ones want more than the total"),
            Contains("shop/cache-4  cache        limited  500             -  [limits] iops "
                     "(default); lends 423 reads/s, 500 writes/s")));
  for (const std::string& line : list_screen(snapshot, {}, false, 0, {.width = 80}))
    EXPECT_LE(line.size(), 84U) << line;
}

TEST(ShareText, StatusWhileShared) {
  Snapshot snapshot = sharing_snapshot();
  const std::string since =
      "; since the start: 57 limits raised, 49 lowered, the slowest in 1.2 ms, busy containers "
      "below their limit for 1 min 23 s";
  EXPECT_EQ(share_state_text(snapshot),
            "sharing: 2 containers have another limit than the configured one; /data: 1,340 "
            "reads/s lent, 170 writes/s cut" +
                since);
  EXPECT_THAT(status_screen(snapshot, 0, {}),
              Contains("     Sharing: " + share_state_text(snapshot)));
  snapshot.sharing.changed = 0;
  snapshot.devices[0].lent = snapshot.devices[0].cut = {};
  EXPECT_EQ(share_state_text(snapshot), "sharing: every limit is the configured one" + since);
  snapshot.sharing.state = ShareState::asleep;
  EXPECT_EQ(share_state_text(snapshot), "asleep: every limit is the configured one" + since);
  snapshot.sharing = {.state = ShareState::asleep};
  EXPECT_EQ(share_state_text(snapshot), "asleep: every limit is the configured one");
  snapshot.sharing.state = ShareState::recalled;
  EXPECT_EQ(share_state_text(snapshot),
            "recalled: every limit is the configured one for half a minute; why: journalctl -u "
            "iops-limitd ACTION=sharing");
}

TEST(ShareText, StatusSaysWhyNothingIsShared) {
  Snapshot snapshot = sample_snapshot();
  EXPECT_EQ(share_state_text(snapshot), "off: fair_total = no");
  snapshot.devices[0].state = DeviceState::waiting;
  EXPECT_EQ(share_state_text(snapshot), "off: no data mount with total_iops is limited");
  snapshot.devices[0].total_iops = 0;
  EXPECT_EQ(share_state_text(snapshot), "off: no data mount has total_iops");
  snapshot.cleared = true;
  EXPECT_EQ(share_state_text(snapshot), "off: the limits are cleared");
  snapshot.dry_run = true;
  EXPECT_EQ(share_state_text(snapshot), "off: dry run");
  snapshot = sample_snapshot();
  snapshot.containers.clear();
  snapshot.totals.clear();
  EXPECT_EQ(share_state_text(snapshot), "off: there is no pod");
}

TEST(ShareText, StatusOfTheKernelSaysNothingOfSharing) {
  for (const std::string& line : kernel_status_screen(sample_snapshot(), {}))
    EXPECT_THAT(line, Not(HasSubstr("Sharing")));
}

TEST(ShareText, Explain) {
  const Snapshot snapshot = sharing_snapshot();
  const auto explained = [&](std::size_t at) {
    const WorkloadView& one = snapshot.containers[at];
    return explain_screen({{one, {}}}, {{one.path.cgroup, one.rules}}, 0, {});
  };
  EXPECT_THAT(explained(0),
              AllOf(Contains("   Guarantee: 259:0: read 500 IOPS, write 500 IOPS"),
                    Contains("     Sharing: it borrows 1,340 reads/s, which others leave, until "
                             "they need them"),
                    Contains("      Kernel: 259:0: read 1840 IOPS, write 500 IOPS")));
  EXPECT_THAT(explained(1),
              Contains("     Sharing: it is cut by 170 writes/s, because the busy containers "
                       "together want more than the total"));
  EXPECT_THAT(explained(6),
              AllOf(Contains("   Guarantee: 259:0: read 500 IOPS, write 500 IOPS"),
                    Contains("     Sharing: it lends 423 reads/s, 500 writes/s, which it does not "
                             "use, until it needs them")));
  EXPECT_THAT(share_lines(sample_snapshot().containers[0]), IsEmpty());
  for (const std::string& line : explained(2)) EXPECT_THAT(line, Not(HasSubstr("Guarantee")));
}

TEST(ShareText, TopSaysTheDifferenceBehindTheBar) {
  const Snapshot snapshot = sharing_snapshot();
  Loads loads;
  loads[snapshot.containers[0].path.cgroup] = {.read_iops = 1822, .use = 0.99, .stalled = 0.5};
  loads[snapshot.containers[1].path.cgroup] = {.write_iops = 330, .use = 1.0};
  loads[snapshot.containers[6].path.cgroup] = {.read_iops = 41, .use = 0.08};
  TopView view;
  view.show(snapshot, loads, true);
  const auto narrow = view.lines({.width = 80}, 24);
  EXPECT_THAT(narrow,
              AllOf(Contains("shop/db-0/db               1.8K        0        0  [||||||]  99% "
                             "+1.3Kr      50%"),
                    Contains("shop/web-1/web                0      330        0  [|||||||] 100% "
                             "-170w        -"),
                    Contains("shop/cache-4/cache           41        0        0  [|            ]  "
                             " 8%        -")));
  for (const std::string& line : narrow) EXPECT_LE(line.size(), 84U) << line;
  const auto wide = view.lines({.width = 140}, 24);
  EXPECT_THAT(wide, Contains(AllOf(HasSubstr("shop/db-0/db"), HasSubstr("      500  [||||"),
                                   HasSubstr("|]  99% +1.3Kr"))));
}

}  // namespace
}  // namespace iopslimit::share_text_test
