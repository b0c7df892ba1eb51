// SPDX-License-Identifier: Apache-2.0
// What holds a container back: each verdict, and each border from both sides.
#include "diagnosis/verdict.hpp"

#include <gtest/gtest.h>

namespace iopslimit::verdict_test {
namespace {

constexpr Devnum data{259, 0};
constexpr std::size_t read_iops = 0;
constexpr std::size_t write_iops = 1;
constexpr std::size_t write_bps = 3;

KeyUse use(std::vector<double> rates, std::uint64_t limit = 500, std::uint64_t configured = 500,
           std::size_t key = read_iops) {
  KeyUse use{.device = data, .key = key, .configured = configured, .rates = std::move(rates)};
  use.limits.assign(use.rates.size(), limit);
  return use;
}

std::vector<double> five(double rate) {
  return std::vector<double>(5, rate);
}

// Does `iops` reads a second on /data in each of five seconds.
ContainerUse container(std::optional<double> stalled, std::vector<KeyUse> keys, double iops) {
  ContainerUse one{.seconds = 5, .stalled = stalled, .keys = std::move(keys)};
  one.loads.assign(5, {.read_iops = iops});
  one.on[data] = {.read_iops = iops};
  return one;
}

DiskUse disk(double busy, std::optional<double> wait_msec) {
  return {.device = data, .name = "nvme0n1", .busy = busy, .wait_msec = wait_msec};
}

const DiskUse fast = disk(0.1, 0.2);
const DiskUse slow = disk(1, 300);

NodeUse node(const DiskUse& disk, double used = 620, bool write = false) {
  return {.disks = {disk},
          .totals = {{.device = data, .write = write, .used = used, .total = 3000}}};
}

Cause cause(const ContainerUse& one, const NodeUse& on = node(fast)) {
  return judge(one, on).cause;
}

TEST(Verdict, OwnLimitFromItsBorderOn) {
  EXPECT_EQ(cause(container(0.0, {use(five(476))}, 476)), Cause::own_limit);
  EXPECT_EQ(cause(container(0.0, {use(five(474))}, 474)), Cause::not_io);
  EXPECT_EQ(cause(container(0.09, {use(five(474))}, 474)), Cause::not_io) << "hardly waits";
  EXPECT_EQ(cause(container(0.1, {use(five(426))}, 426)), Cause::own_limit) << "waits as well";
  EXPECT_EQ(cause(container(0.1, {use(five(424))}, 424)), Cause::own_pace);
}

TEST(Verdict, OwnLimitInMostOfTheSeconds) {
  const Finding three = judge(container(0.5, {use({500, 500, 500, 10, 10})}, 304), node(fast));
  EXPECT_EQ(three.cause, Cause::own_limit);
  EXPECT_EQ(three.at_limit, 3U);
  const Finding two = judge(container(0.5, {use({500, 500, 10, 10, 10})}, 206), node(fast));
  EXPECT_EQ(two.cause, Cause::own_pace);
  EXPECT_EQ(two.at_limit, 2U);
}

TEST(Verdict, HalfOfTheSecondsIsNotMost) {
  ContainerUse one = container(0.5, {use({500, 10})}, 255);
  one.loads.resize(2);
  EXPECT_EQ(cause(one), Cause::own_pace);
  one.keys[0].rates[1] = 500;
  EXPECT_EQ(cause(one), Cause::own_limit);
}

TEST(Verdict, OwnLimitIsTheKeyThatItIsNearestTo) {
  const ContainerUse one = container(0.5,
                                     {use(five(100)), use(five(30), 500, 500, write_iops),
                                      use(five(1 << 20), 1 << 20, 1 << 20, write_bps)},
                                     130);
  const Finding found = judge(one, node(fast));
  EXPECT_EQ(found.cause, Cause::own_limit);
  EXPECT_EQ(found.key->key, write_bps);
  EXPECT_EQ(
      judge(container(0.0, {use(five(10)), use(five(20), 500, 500, write_iops)}, 30), node(fast))
          .key->key,
      write_iops)
      << "not at any limit";
}

TEST(Verdict, OwnLimitOnOneOfSeveralDevices) {
  KeyUse other = use(five(500));
  other.device = {259, 1};
  const ContainerUse one = container(0.9, {use(five(10)), other}, 510);
  const Finding found = judge(one, node(fast));  // it points into the first
  EXPECT_EQ(found.cause, Cause::own_limit);
  EXPECT_EQ(found.key->device, other.device);
}

TEST(Verdict, OwnLimitEvenIfTheDiskIsSlowOrTheTotalIsUsedUp) {
  const ContainerUse one = container(1.0, {use(five(500))}, 500);
  EXPECT_EQ(cause(one, node(slow)), Cause::own_limit);
  EXPECT_EQ(cause(one, node(fast, 3000)), Cause::own_limit);
}

TEST(Verdict, CutIsTheTotal) {
  const Finding found = judge(container(0.0, {use(five(172), 200)}, 172), node(fast, 2000));
  EXPECT_EQ(found.cause, Cause::total) << "0.86 of it, and the service knows that it wants more";
  EXPECT_EQ(found.held, Held::cut);
  EXPECT_EQ(cause(container(0.0, {use(five(168), 200)}, 168)), Cause::not_io);
  EXPECT_EQ(cause(container(std::nullopt, {use(five(198), 200, 0)}, 198)), Cause::total)
      << "no limit is configured, v1";
}

TEST(Verdict, CutInMostOfTheSecondsOnly) {
  KeyUse once = use(five(500));
  once.limits[0] = 400;
  EXPECT_EQ(cause(container(0.9, {once}, 500)), Cause::own_limit);
  once.limits[1] = once.limits[2] = 400;
  EXPECT_EQ(cause(container(0.9, {once}, 500)), Cause::total);
}

TEST(Verdict, BorrowedIsTheCeilingUntilTheTotalIsUsedUp) {
  const ContainerUse one = container(0.9, {use(five(1490), 1500)}, 1490);
  const Finding ceiling = judge(one, node(fast, 2690));
  EXPECT_EQ(ceiling.cause, Cause::own_limit);
  EXPECT_EQ(ceiling.held, Held::borrowed);
  EXPECT_EQ(cause(one, node(fast, 2700)), Cause::total);
}

TEST(Verdict, TotalFromItsBorderOn) {
  EXPECT_EQ(cause(container(0.1, {use(five(20))}, 20), node(fast, 2700)), Cause::total);
  EXPECT_EQ(cause(container(0.09, {use(five(20))}, 20), node(fast, 2700)), Cause::not_io);
  EXPECT_EQ(cause(container(0.5, {}, 400), node(fast, 2700)), Cause::total) << "without a limit";
  EXPECT_EQ(cause(container(0.5, {use(five(100))}, 100), node(slow, 2700)), Cause::total)
      << "before the disk";
  EXPECT_NE(cause(container(0.5, {use(five(200))}, 200), node(fast, 2690)), Cause::total);
}

TEST(Verdict, TotalOfTheOtherDirectionHoldsNobody) {
  EXPECT_EQ(cause(container(0.5, {use(five(2000), 5000, 5000)}, 2000), node(fast, 3000, true)),
            Cause::own_pace);
  ContainerUse writes = container(0.5, {}, 0);
  writes.on[data] = {.write_iops = 20};
  EXPECT_EQ(cause(writes, node(fast, 3000, true)), Cause::total);
}

TEST(Verdict, DiskThatIsBusyAndSlow) {
  const ContainerUse one = container(0.9, {use(five(50))}, 50);
  EXPECT_EQ(cause(one, node(disk(0.9, 5))), Cause::disk);
  EXPECT_EQ(cause(one, node(disk(0.89, 5))), Cause::own_pace);
  EXPECT_EQ(cause(one, node(disk(1, 4.9))), Cause::own_pace) << "one request after the other";
  EXPECT_EQ(cause(container(0.09, {use(five(50))}, 50), node(slow)), Cause::not_io);
  EXPECT_EQ(cause(container(0.5, {}, 50), node(slow)), Cause::disk) << "without a limit";
}

TEST(Verdict, SlowDiskThatItHardlyUsesIsNotWhatItWaitsFor) {
  EXPECT_EQ(cause(container(0.9, {use(five(1))}, 1), node(disk(1, 50))), Cause::other_storage);
  EXPECT_EQ(cause(container(0.9, {use(five(1))}, 1), node(disk(1, 500))), Cause::disk);
  EXPECT_EQ(cause(container(1.0, {use(five(0))}, 0), node(slow)), Cause::other_storage);
}

TEST(Verdict, DiskThatAnswersNothing) {
  DiskUse hanging = disk(1, std::nullopt);
  EXPECT_EQ(cause(container(1.0, {use(five(0))}, 0), node(hanging)), Cause::other_storage);
  hanging.hangs = true;
  EXPECT_EQ(cause(container(1.0, {use(five(0))}, 0), node(hanging)), Cause::disk);
}

TEST(Verdict, SlowestOfSeveralDisks) {
  NodeUse two = node(fast);
  DiskUse other = slow;
  other.device = {259, 1};
  two.disks.push_back(other);
  ContainerUse one = container(0.9, {use(five(10))}, 10);
  EXPECT_EQ(cause(one, two), Cause::other_storage) << "it does nothing on the slow one";
  one.on[other.device] = {.write_iops = 20};
  const Finding found = judge(one, two);
  EXPECT_EQ(found.cause, Cause::disk);
  EXPECT_EQ(found.disk->device, other.device);
}

TEST(Verdict, OtherStorage) {
  const double much = 5000;  // 0.2 ms each: always one at the disk
  EXPECT_EQ(cause(container(0.9, {use(five(0))}, 0)), Cause::other_storage);
  EXPECT_EQ(cause(container(0.9, {}, 0)), Cause::other_storage) << "without a limit";
  EXPECT_EQ(cause(container(0.1, {use(five(0))}, 0)), Cause::other_storage);
  EXPECT_EQ(cause(container(0.09, {use(five(0))}, 0)), Cause::not_io);
  ContainerUse both = container(0.9, {use(five(much), 60000, 60000)}, much);
  EXPECT_EQ(cause(both), Cause::own_pace);
  both.others = {{{8, 0}, much + 1}};
  EXPECT_EQ(cause(both), Cause::other_storage) << "more elsewhere";
  both.others = {{{8, 0}, much - 1}};
  EXPECT_EQ(cause(both), Cause::own_pace);
  EXPECT_EQ(cause(container(0.9, {use(five(51))}, 51)), Cause::own_pace) << "a tenth of its limit";
}

TEST(Verdict, WithoutWaitingOnlyLimitsAreTold) {
  EXPECT_EQ(cause(container(std::nullopt, {use(five(476))}, 476)), Cause::own_limit);
  EXPECT_EQ(cause(container(std::nullopt, {use(five(474))}, 474)), Cause::cannot_tell);
  EXPECT_EQ(cause(container(std::nullopt, {use(five(172), 200)}, 172)), Cause::total);
  EXPECT_EQ(cause(container(std::nullopt, {}, 100), node(slow, 3000)), Cause::cannot_tell);
  EXPECT_EQ(cause(container(std::nullopt, {}, 0)), Cause::cannot_tell);
}

TEST(Verdict, NothingMeasured) {
  EXPECT_EQ(cause({}), Cause::cannot_tell);
  EXPECT_EQ(cause({}, {}), Cause::cannot_tell);
  EXPECT_EQ(cause(container(0.5, {use(five(10))}, 10), {}), Cause::other_storage)
      << "no disk is known";
  KeyUse lifted = use(five(500));
  lifted.limits.assign(5, 0);
  EXPECT_EQ(cause(container(0.0, {lifted}, 500)), Cause::not_io) << "no limit in any second";
}

TEST(Verdict, WhoIsHeldBack) {
  for (const Cause one : {Cause::own_limit, Cause::total, Cause::disk, Cause::other_storage})
    EXPECT_TRUE(holds_back(one));
  for (const Cause one : {Cause::cannot_tell, Cause::own_pace, Cause::not_io})
    EXPECT_FALSE(holds_back(one));
}

}  // namespace
}  // namespace iopslimit::verdict_test
