// SPDX-License-Identifier: Apache-2.0
// The screens, whole, at 80 and 140 columns.
#include "iopsctl/screens.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "iopsctl/top_view.hpp"
#include "support/sample_snapshot.hpp"
#include "terminal/display.hpp"
#include "terminal/wording.hpp"

namespace iopslimit::screens_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const bool utf8_locale = [] {
  use_utf8_locale();
  return true;
}();

constexpr std::uint64_t now = 1000000000 + 7384;

Loads loads_of(const Snapshot& snapshot) {
  Loads loads;
  loads[snapshot.containers[0].path.cgroup] = {.read_iops = 420,
                                               .write_iops = 80,
                                               .read_bps = 1720320,
                                               .write_bps = 327680,
                                               .use = 0.84,
                                               .stalled = 0.12};
  loads[snapshot.containers[1].path.cgroup] = {.read_iops = 12, .write_iops = 500, .use = 1.0};
  loads[snapshot.containers[2].path.cgroup] = {.read_iops = 12345, .stalled = 0.001};
  return loads;
}

WorkloadView& container(Snapshot& snapshot, std::string_view name) {
  return *std::ranges::find_if(snapshot.containers,
                               [&](const WorkloadView& one) { return shown_name(one) == name; });
}

TEST(Screens, ListAt140) {
  const Snapshot snapshot = sample_snapshot();
  EXPECT_THAT(
      list_screen(snapshot, loads_of(snapshot), false, now, {.width = 140}),
      ElementsAre(
          "POD         CONTAINER    STATE    LIMIT   IOPS  WHY",
          "lab/job-2   job          paused   -          -  limited again in 34722 d 3 h",
          "lab/web-3   web          failed   -          -  the io controller is not enabled for it",
          "shop/db-0   db           limited  500      500  [limits] iops (default)",
          "shop/web-1  istio-proxy  exempt   -      12.3K  [exclude] keywords: istio-proxy",
          "shop/web-1  web          limited  500      512  [limits] iops (default)",
          "1 sandbox is not shown: --all"));
}

TEST(Screens, ListSaysThatNoProcessIsInAContainer) {
  Snapshot snapshot = sample_snapshot();
  for (WorkloadView& one : snapshot.containers) one.empty = one.name == "db";
  EXPECT_THAT(
      list_screen(snapshot, {}, false, now, {.width = 140}),
      Contains("shop/db-0   db           limited  500       -  no process is in it; [limits] "
               "iops (default)"));
}

TEST(Screens, ListAt80AndNarrower) {
  const Snapshot snapshot = sample_snapshot();
  EXPECT_EQ(list_screen(snapshot, loads_of(snapshot), false, now, {.width = 80})[2],
            "lab/web-3   web          failed   -          -  the io controller is not enable…");
  for (std::size_t width = 1; width < 100; ++width) {
    const Lines lines = list_screen(snapshot, loads_of(snapshot), true, now, {.width = width});
    for (const std::string& line : lines) EXPECT_LE(display_width(line), width) << line;
  }
}

TEST(Screens, Status) {
  setenv("TZ", "UTC", 1);
  tzset();
  Snapshot snapshot = sample_snapshot();
  snapshot.last_reload = now - 60;
  snapshot.reload_refused = true;
  EXPECT_THAT(
      status_screen(snapshot, now, {.width = 80}),
      ElementsAre(
          "● iops-limitd 1.2.3, running since Sun 2001-09-09 01:46:40 UTC (2 h 3 min ago)",
          "      Device: /data = ext4 on nvme0n1 (259:0); rule on 259:0",
          "      Budget: the limits add up to read 1000, write 1000 IOPS, 33% of the total",
          "              of 3000", " Device logs: /logs is not mounted: it is a plain directory",
          "  Containers: 2 limited, 1 exempt, 1 sandbox, 1 failed, 1 paused",
          "     Sharing: off: fair_total = no",
          "       Rules: 12 written, 2 restored after another process changed them, 0 not",
          "              taken by the kernel",
          "      Reload: Sun 2001-09-09 03:48:44 UTC (1 min ago): refused, the older",
          "              configuration holds; see 'iopsctl check-config'", "  Last error: none"));
}

TEST(Screens, Top) {
  Snapshot snapshot = sample_snapshot();
  container(snapshot, "shop/db-0/db").at_limit_day_msec = (3 * 60 + 5) * 60 * 1000;
  TopView view;
  view.show(snapshot, loads_of(snapshot), true);
  EXPECT_THAT(
      view.lines({.width = 80}, 24),
      ElementsAre(
          "2 containers limited, 1 exempt; all: 12.8K read/s, 580 write/s, 2.0MB/s",
          "CONTAINER               *READ/S  WRITE/S      B/S  OF ITS LIMIT            STALL",
          "shop/web-1/istio-proxy    12.3K        0        0  exempt                     1%",
          "shop/web-1/web               12      500        0  [|||||||||||||] 100%        -",
          "shop/db-0/db                420       80     2.0M  [|||||||||||  ]  84%      12%",
          "lab/job-2/job                 -        -        -  paused                      -",
          "lab/web-3/web                 -        -        -  failed                      -",
          "q quit  sort: i IOPS  b bytes  u use  w waiting  l limit  n name  arrows scroll"));
  EXPECT_TRUE(view.press(TopKey::name));
  const auto wide = view.lines({.width = 140}, 24);
  EXPECT_EQ(
      wide[1],
      "*CONTAINER               READ/S  WRITE/S  READ B/S  WRITE B/S    LIMIT  OF ITS LIMIT   "
      "                STALL  AT LIMIT 24H");
  EXPECT_EQ(wide[4],
            "shop/db-0/db                420       80      1.6M       320K      500  "
            "[|||||||||||||||||   ]  84%      12%        3:05 h");
}

TEST(Screens, TopSortsByTheTimeAtTheLimit) {
  Snapshot snapshot = sample_snapshot();
  container(snapshot, "lab/web-3/web").at_limit_day_msec = 259'000;
  container(snapshot, "shop/web-1/web").at_limit_day_msec = 12'000;
  TopView view;
  view.show(snapshot, loads_of(snapshot), true);
  std::string keys = "l";
  view.press(take_key(keys));
  const auto lines = view.lines({.width = 140}, 24);
  EXPECT_THAT(lines[1], HasSubstr("*AT LIMIT 24H"));
  EXPECT_THAT(lines[2], AllOf(HasSubstr("lab/web-3/web"), HasSubstr("4:19 min")));
  EXPECT_THAT(lines[3], AllOf(HasSubstr("shop/web-1/web"), HasSubstr("12 s")));
}

TEST(Screens, ListTellsTheTimeAtTheLimit) {
  Snapshot snapshot = sample_snapshot();
  container(snapshot, "shop/db-0/db").at_limit_day_msec = (3 * 60 + 12) * 60 * 1000;
  container(snapshot, "shop/web-1/web").at_limit_day_msec = 9'000;
  const Lines lines = list_screen(snapshot, {}, false, now, {});
  EXPECT_THAT(lines, Contains(HasSubstr("; at its limit for 3 h 12 min of the last 24 h")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("9 s"))));
}

TEST(Screens, TopScrollsToBothEnds) {
  Snapshot snapshot;
  for (char digit = '0'; digit <= '9'; ++digit)
    snapshot.containers.push_back(sample_container(digit, "n", std::string("p") + digit, "c"));
  TopView view;
  view.show(snapshot, {}, true);
  const Style style{.width = 80};
  const auto first = [&] { return view.lines(style, 7)[2]; };
  EXPECT_THAT(view.lines(style, 7), testing::SizeIs(7));
  view.press(TopKey::down);
  EXPECT_THAT(first(), HasSubstr("n/p1/c"));
  view.press(TopKey::page_down);
  EXPECT_THAT(first(), HasSubstr("n/p5/c"));
  view.press(TopKey::page_down);
  EXPECT_THAT(first(), HasSubstr("n/p6/c"));
  for (const TopKey key : {TopKey::page_up, TopKey::page_up, TopKey::up}) view.press(key);
  EXPECT_THAT(first(), HasSubstr("n/p0/c"));
  EXPECT_FALSE(view.press(TopKey::quit));
}

TEST(Screens, KeysAreTakenOneByOne) {
  std::string input = "\x1b[A\x1b[5~\x1b[1;5Cq\x1b";
  for (const TopKey key : {TopKey::up, TopKey::page_up, TopKey::other, TopKey::quit, TopKey::other})
    EXPECT_EQ(take_key(input), key);
  EXPECT_TRUE(input.empty());
}

TEST(Screens, EscapesInNamesAreReplaced) {
  Snapshot snapshot = sample_snapshot();
  snapshot.containers[0].name = "\x1b[2J";
  for (const std::string& line : list_screen(snapshot, {}, true, now, {}))
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Wording, Numbers) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(999.4), "999");
  EXPECT_EQ(short_number(999.6), "1.0K");
  EXPECT_EQ(short_number(123456), "123K");
  EXPECT_EQ(short_bytes(1048576), "1.0M");
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1340), "1,340");
  EXPECT_EQ(grouped(123456789), "123,456,789");
  EXPECT_EQ(milliseconds(1240), "1.2 ms");
  EXPECT_EQ(percent(0.001), "1%");
  EXPECT_EQ(percent(0), "0%");
  EXPECT_EQ(short_limit({.read_iops = 300, .write_iops = 600}), "300r 600w");
  EXPECT_EQ(short_limit({.read_iops = 300}), "300r");
  EXPECT_EQ(short_limit({.read_bps = 52428800, .write_bps = 52428800}), "50.0M/s");
  EXPECT_EQ(short_limits({{{1, 0}, symmetric(5)}, {{1, 1}, symmetric(5)}, {{1, 2}, symmetric(7)}}),
            "5, 7");
  EXPECT_EQ(distance(100, 100), "now");
  EXPECT_EQ(distance(100, 3800), "1 h 1 min ago");
}

}  // namespace
}  // namespace iopslimit::screens_test
