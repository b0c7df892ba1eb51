// SPDX-License-Identifier: Apache-2.0
// What `why` says: each verdict, its evidence, and what to do.
#include "iopsctl/why_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/sample_snapshot.hpp"

namespace iopslimit::why_text_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Devnum data{259, 0};

struct WhyTextTest : testing::Test {
  WorkloadView db = sample_container('a', "shop", "db-0", "db");
  NodeUse node;
  Explanation one{.container = &db};

  WhyTextTest() {
    db.reason = "[limits] (/etc/iops-limitd/iops-limitd.conf:21)";
    node.disks = {{.device = data,
                   .name = "nvme0n1",
                   .iops = 700,
                   .busy = 0.11,
                   .wait_msec = 0.2,
                   .pods_iops = 620,
                   .users = {{"batch/etl-7/etl", 500}, {"shop/db-0/db", 120}}}};
    node.totals = {{.device = data,
                    .used = 620,
                    .total = 3000,
                    .users = {{"batch/etl-7/etl", 500}, {"shop/db-0/db", 120}}}};
    does(120, 500);
    one.measured.seconds = 5;
    one.measured.stalled = 0.91;
  }
  void does(double iops, std::uint64_t limit) {
    one.measured.loads.assign(5, {.read_iops = iops});
    one.measured.on[data] = {.read_iops = iops};
    one.measured.keys = {{.device = data, .configured = 500}};
    one.measured.keys[0].rates.assign(5, iops);
    one.measured.keys[0].limits.assign(5, limit);
  }
  std::vector<std::string> told() {
    one.finding = judge(one.measured, node);
    return sentences(one);
  }
};

TEST_F(WhyTextTest, OwnLimit) {
  does(498, 500);
  db.at_limit_day_msec = 11520000;
  EXPECT_THAT(
      told(),
      ElementsAre(
          "its own limit: read 498 of 500 IOPS in 5 of 5 seconds; waiting 91% of the time",
          "limit 500 from [limits] (/etc/iops-limitd/iops-limitd.conf:21); at its limit for 3 h 12 "
          "min of the last 24 h",
          "the disk is not the reason: nvme0n1 answers in 0.2 ms, 11% busy; all pods read 620 of "
          "3,000 IOPS",
          "to give it more: iops or read_iops in [limits] (/etc/iops-limitd/iops-limitd.conf:21); "
          "how much it takes: iopsctl advise"));
  node.disks[0].busy = 1;
  node.disks[0].wait_msec = 50;
  EXPECT_THAT(told()[2], HasSubstr("the disk is slow too: nvme0n1 answers in 50.0 ms"));
}

TEST_F(WhyTextTest, OwnLimitOfBytesWithoutPressure) {
  KeyUse& key = one.measured.keys[0];
  key.key = 3;
  key.configured = 10 << 20;
  key.rates.assign(5, 10 << 20);
  key.limits.assign(5, 10 << 20);
  one.measured.stalled.reset();
  EXPECT_EQ(told()[0], "its own limit: write 10.0M of 10.0M B/s in 5 of 5 seconds");
  EXPECT_THAT(told().back(), HasSubstr("bps or write_bps in [limits]"));
}

TEST_F(WhyTextTest, Ceiling) {
  does(1490, 1500);
  EXPECT_EQ(told()[0],
            "its own limit: read 1,490 of 1,500 IOPS, the most that it may borrow, in 5 of 5 "
            "seconds; waiting 91% of the time");
  EXPECT_THAT(told()[1], HasSubstr("limit 500 from [limits]"));
  EXPECT_THAT(told()[1], HasSubstr("it borrows 1,000"));
  EXPECT_THAT(told().back(), HasSubstr("ceiling_iops in [limits]"));
}

TEST_F(WhyTextTest, Total) {
  node.totals[0].used = 2950;
  EXPECT_THAT(
      told(),
      ElementsAre("the total of all pods: they read 2,950 of 3,000 IOPS; waiting 91% of the time",
                  "it uses 24% of its limit: read 120 of 500 IOPS",
                  "all pods read 2,950 of 3,000 IOPS; the biggest: batch/etl-7/etl 500, "
                  "shop/db-0/db 120",
                  "to give all more: total_iops, if the disk can do more; how much: iopsctl "
                  "advise"));
}

TEST_F(WhyTextTest, TotalThatCuts) {
  does(194, 195);
  EXPECT_EQ(told()[0],
            "the total of all pods: it is cut to 195 of its 500 read IOPS, and uses them in 5 of 5 "
            "seconds; waiting 91% of the time");
  EXPECT_THAT(told()[1], HasSubstr("limit 500 from [limits]"));
  one.measured.keys[0].configured = 0;
  EXPECT_THAT(told()[0], HasSubstr("it is cut to 195 read IOPS, and"));
  EXPECT_THAT(told()[1], HasSubstr("no limit is configured: [limits]"));
}

TEST_F(WhyTextTest, TotalThatLendsNoMore) {
  does(700, 720);
  node.totals[0].used = 2950;
  EXPECT_EQ(
      told()[0],
      "the total of all pods: read 700 of 720 IOPS in 5 of 5 seconds, and there is no more to "
      "borrow; waiting 91% of the time");
}

TEST_F(WhyTextTest, SlowDisk) {
  node.disks[0].busy = 1;
  node.disks[0].wait_msec = 322.5;
  EXPECT_THAT(told(),
              ElementsAre("the disk: nvme0n1 answers in 322.5 ms, 100% busy; waiting 91% of the "
                          "time",
                          "it uses 24% of its limit: read 120 of 500 IOPS",
                          "of 700 IOPS there: batch/etl-7/etl 500, shop/db-0/db 120, something "
                          "outside of the pods 80",
                          "to protect it: a limit for who fills the disk, or total_iops below what "
                          "the disk can do"));
  node.disks[0].wait_msec.reset();
  node.disks[0].hangs = true;
  EXPECT_THAT(told()[0], HasSubstr("the disk: nvme0n1 answers no request, 100% busy"));
}

TEST_F(WhyTextTest, SlowDiskWithoutALimit) {
  one.measured.keys.clear();
  db.state = State::exempt;
  db.reason = "[exclude] keywords: db";
  node.disks[0].busy = 1;
  node.disks[0].wait_msec = 322.5;
  EXPECT_EQ(told()[1], "it has no limit: exempt, [exclude] keywords: db");
}

TEST_F(WhyTextTest, OtherStorage) {
  does(0, 500);
  const auto lines = told();
  EXPECT_EQ(lines[0],
            "other storage than the limited disks: 0 IOPS there; waiting 91% of the time");
  EXPECT_EQ(lines[2], "it does no I/O on any other block device");
  one.measured.others = {{{8, 16}, 77}};
  one.elsewhere = "sdb";
  EXPECT_EQ(told()[2], "it does 77 IOPS on sdb (8:16)");
}

TEST_F(WhyTextTest, OwnPace) {
  EXPECT_THAT(told(),
              ElementsAre("its own pace: nothing holds it back; it waits for the answer before it "
                          "asks for more; waiting 91% of the time",
                          "it uses 24% of its limit: read 120 of 500 IOPS",
                          "the disk is not the reason: nvme0n1 answers in 0.2 ms, 11% busy; all "
                          "pods read 620 of 3,000 IOPS"));
  one.measured.keys[0].rates[0] = 500;
  EXPECT_THAT(told()[1], HasSubstr("; at it in 1 of 5 seconds"));
}

TEST_F(WhyTextTest, NotIo) {
  one.measured.stalled = 0.02;
  EXPECT_EQ(told()[0], "not I/O: it waits 2% of the time");
  db.state = State::paused;
  db.reason = "paused";
  one.measured.keys.clear();
  EXPECT_EQ(told()[1], "it has no limit: paused");
  db.state = State::failed;
  db.error = "the io controller is not enabled for it";
  EXPECT_EQ(told()[1], "it has no limit: failed, the io controller is not enabled for it");
}

TEST_F(WhyTextTest, CannotTell) {
  one.measured.stalled.reset();
  const auto lines = told();
  EXPECT_THAT(lines[0], HasSubstr("cannot tell: it is not at a limit, and the kernel does not"));
  EXPECT_EQ(lines[1], "it uses 24% of its limit: read 120 of 500 IOPS");
  EXPECT_THAT(lines[2], HasSubstr("nvme0n1 answers in 0.2 ms"));
}

TEST_F(WhyTextTest, ContainerThatEnded) {
  one.ended = true;
  one.measured.loads.resize(2);
  EXPECT_EQ(told().back(),
            "it was there for only 2 seconds of the sample, which is too short to be sure");
  one.measured = {};
  EXPECT_THAT(told(), ElementsAre("cannot tell: it ended before anything was measured"));
}

TEST_F(WhyTextTest, NoDiskIsKnown) {
  node = {};
  one.measured.stalled = 0;
  EXPECT_THAT(told(), ElementsAre("not I/O: it waits 0% of the time",
                                  "it uses 24% of its limit: read 120 of 500 IOPS"));
}

TEST_F(WhyTextTest, NamesArePrintable) {
  node.disks[0].busy = 1;
  node.disks[0].wait_msec = 50;
  node.disks[0].users[0].name = "evil\x1b[2J";
  for (const std::string& line : told()) EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
}

}  // namespace
}  // namespace iopslimit::why_text_test
