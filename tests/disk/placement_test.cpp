// SPDX-License-Identifier: Apache-2.0
#include "disk/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/stacks.hpp"

namespace iopslimit::placement_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum nvme0{259, 0};
constexpr Devnum nvme0p2{259, 2};
constexpr Devnum nvme1{259, 8};
constexpr Devnum nvme1p2{259, 10};
constexpr Devnum dm0{252, 0};
constexpr Devnum md127{9, 127};

BlockDevice dm(const std::string& name, Devnum devnum, const std::string& shown,
               std::vector<std::string> slaves, const std::string& uuid = "LVM-x") {
  BlockDevice device = block_device(name, devnum, std::move(slaves));
  device.dm_name = shown;
  device.dm_uuid = uuid;
  return device;
}

BlockDevice md(const std::string& level, std::vector<std::string> slaves) {
  BlockDevice device = block_device("md127", md127, std::move(slaves));
  device.md_level = level;
  return device;
}

std::vector<BlockDevice> two_disks() {
  return {block_device("nvme0n1", nvme0), block_device("nvme1n1", nvme1)};
}

std::vector<BlockDevice> over(BlockDevice top, const std::vector<BlockDevice>& below) {
  std::vector<BlockDevice> all{std::move(top)};
  all.insert(all.end(), below.begin(), below.end());
  return all;
}

std::vector<BlockDevice> two_partitions() {
  return over(partition("nvme0n1p2", nvme0p2, "nvme0n1"),
              over(partition("nvme1n1p2", nvme1p2, "nvme1n1"), two_disks()));
}

DataStack btrfs(const std::string& profile) {
  DataStack stack = stack_of(two_disks(), {"nvme0n1", "nvme1n1"});
  stack.file_system = "btrfs";
  stack.profile = profile;
  return stack;
}

struct PlaceRow {
  std::string what;
  DataStack stack;
  LimitAt limit_at;
  std::vector<Devnum> rules;
  unsigned divisor;
  std::string chain;  // behind "/data = "
};

const std::vector<std::string> partitions{"nvme0n1p2", "nvme1n1p2"};
const std::vector<std::string> disks{"nvme0n1", "nvme1n1"};
const BlockDevice lv = dm("dm-0", dm0, "vg-data", partitions);

const PlaceRow place_rows[] = {
    {"disk",
     stack_of({block_device("nvme0n1", nvme0)}),
     LimitAt::volume,
     {nvme0},
     1,
     "ext4 on nvme0n1 (259:0); rule on 259:0"},
    {"partition",
     on_partition(nvme0),
     LimitAt::volume,
     {nvme0},
     1,
     "ext4 on nvme0n1p1; rule on nvme0n1 (259:0)"},
    {"partition, disk",
     on_partition(nvme0),
     LimitAt::disk,
     {nvme0},
     1,
     "ext4 on nvme0n1p1; rule on nvme0n1 (259:0)"},
    {"LVM",
     stack_of(over(lv, two_partitions())),
     LimitAt::volume,
     {dm0},
     1,
     "ext4 on vg-data (252:0) on nvme0n1p2, nvme1n1p2; rule on 252:0"},
    {"LVM, disk",
     stack_of(over(lv, two_partitions())),
     LimitAt::disk,
     {nvme0, nvme1},
     1,
     "ext4 on vg-data on nvme0n1p2, nvme1n1p2; rules on nvme0n1 (259:0), nvme1n1 (259:8)"},
    {"two partitions of one disk, disk",
     stack_of({lv, partition("nvme0n1p2", nvme0p2, "nvme0n1"),
               partition("nvme1n1p2", nvme1p2, "nvme0n1"), block_device("nvme0n1", nvme0)}),
     LimitAt::disk,
     {nvme0},
     1,
     "ext4 on vg-data on nvme0n1p2, nvme1n1p2; rule on nvme0n1 (259:0)"},
    {"LVM over LUKS",
     stack_of({dm("dm-0", dm0, "vg-data", {"dm-1"}),
               dm("dm-1", {252, 1}, "luks", {"nvme0n1p2"}, "CRYPT-LUKS2-x"),
               partition("nvme0n1p2", nvme0p2, "nvme0n1"), block_device("nvme0n1", nvme0)}),
     LimitAt::volume,
     {dm0},
     1,
     "ext4 on vg-data (252:0) on luks on nvme0n1p2; rule on 252:0"},
    {"raid1",
     stack_of(over(md("raid1", disks), two_disks())),
     LimitAt::volume,
     {md127},
     1,
     "ext4 on md127 raid1 (9:127) on nvme0n1, nvme1n1; rule on 9:127"},
    {"raid1, disk",
     stack_of(over(md("raid1", disks), two_disks())),
     LimitAt::disk,
     {nvme0, nvme1},
     1,
     "ext4 on md127 raid1 on nvme0n1 (259:0), nvme1n1 (259:8); rules on 259:0, 259:8"},
    {"raid0, disk",
     stack_of(over(md("raid0", disks), two_disks())),
     LimitAt::disk,
     {nvme0, nvme1},
     2,
     "ext4 on md127 raid0 on nvme0n1 (259:0), nvme1n1 (259:8); rules on 259:0, 259:8"},
    {"LVM over raid0, disk",
     stack_of(over(dm("dm-0", dm0, "vg-data", {"md127"}), over(md("raid0", disks), two_disks()))),
     LimitAt::disk,
     {nvme0, nvme1},
     2,
     "ext4 on vg-data on md127 raid0 on nvme0n1 (259:0), nvme1n1 (259:8); rules on 259:0, 259:8"},
    {"raid0 of two partitions of one disk, disk",
     stack_of(over(md("raid0", partitions),
                   {partition("nvme0n1p2", nvme0p2, "nvme0n1"),
                    partition("nvme1n1p2", nvme1p2, "nvme0n1"), block_device("nvme0n1", nvme0)})),
     LimitAt::disk,
     {nvme0},
     1,
     "ext4 on md127 raid0 on nvme0n1p2, nvme1n1p2; rule on nvme0n1 (259:0)"},
    {"partition on md",
     stack_of(
         over(partition("md127p1", {259, 20}, "md127"), over(md("raid0", disks), two_disks()))),
     LimitAt::volume,
     {md127},
     1,
     "ext4 on md127p1 on nvme0n1, nvme1n1; rule on md127 raid0 (9:127)"},
    {"btrfs",
     btrfs("single"),
     LimitAt::volume,
     {nvme0, nvme1},
     1,
     "btrfs on nvme0n1 (259:0), nvme1n1 (259:8); rules on 259:0, 259:8"},
    {"btrfs raid0",
     btrfs("raid0"),
     LimitAt::volume,
     {nvme0, nvme1},
     2,
     "btrfs on nvme0n1 (259:0), nvme1n1 (259:8); rules on 259:0, 259:8"},
    {"btrfs raid1",
     btrfs("raid1"),
     LimitAt::disk,
     {nvme0, nvme1},
     1,
     "btrfs on nvme0n1 (259:0), nvme1n1 (259:8); rules on 259:0, 259:8"},
};

TEST(PlaceRules, OnTheRightDevices) {
  for (const PlaceRow& row : place_rows) {
    SCOPED_TRACE(row.what);
    const auto answer = place_rules(row.stack, row.limit_at);
    ASSERT_TRUE(std::holds_alternative<Placement>(answer)) << std::get<Unsupported>(answer).why;
    const Placement& placement = std::get<Placement>(answer);
    std::vector<Devnum> rules;
    for (const RuleDevice& rule : placement.rules) {
      rules.push_back(rule.devnum);
      EXPECT_THAT(rule.identity, testing::StartsWith("seq-of-"));
    }
    EXPECT_EQ(rules, row.rules);
    EXPECT_EQ(placement.divisor, row.divisor);
    EXPECT_EQ(placement.chain, "/data = " + row.chain);
    const bool announced =
        !placement.cautions.empty() && placement.cautions[0].starts_with("each of the");
    EXPECT_EQ(announced, row.rules.size() > 1);
  }
}

TEST(PlaceRules, OneDiskIsNamedWithWhatIsKnownOfIt) {
  DataStack stack = on_partition(nvme0);
  BlockDevice& disk = stack.devices[1];
  disk.model = "QEMU NVMe Ctrl";
  disk.serial = "aa";
  disk.namespace_id = 1;
  const auto chain = [&stack] {
    return std::get<Placement>(place_rules(stack, LimitAt::volume)).chain;
  };
  EXPECT_THAT(chain(), testing::EndsWith("(259:0), QEMU NVMe Ctrl, serial aa, namespace 1"));
  disk.model.clear();
  disk.namespace_id = 0;
  EXPECT_THAT(chain(), testing::EndsWith("(259:0), serial aa"));
}

Placement placed(const DataStack& stack, LimitAt limit_at) {
  return std::get<Placement>(place_rules(stack, limit_at));
}

TEST(Cautions, SayHowTheLimitCanBeExceeded) {
  const auto whole = placed(btrfs("single"), LimitAt::volume).cautions;
  ASSERT_THAT(whole, SizeIs(1));
  EXPECT_THAT(whole[0], HasSubstr("can reach 2 times its limit"));
  EXPECT_THAT(whole[0], testing::Not(HasSubstr("limit_at")));
  const auto disks_of_lv = placed(stack_of(over(lv, two_partitions())), LimitAt::disk).cautions;
  EXPECT_THAT(disks_of_lv.at(0), HasSubstr("limit_at = volume is exact"));
  const auto even = placed(btrfs("raid0"), LimitAt::volume).cautions;
  EXPECT_THAT(even.at(0), HasSubstr("carries 1/2 of a container's limit"));
}

TEST(Cautions, LimitOnDisksWarnsAboutTheDeviceAbove) {
  const char* unlimited = "writes to /data are NOT limited: md127 raid";
  const char* copies = "rebuilds and checks of md127 raid";
  const std::pair<BlockDevice, const char*> rows[] = {
      {dm("dm-0", dm0, "luks", {"nvme0n1"}, "CRYPT-LUKS2-x"), nullptr},
      {dm("dm-0", dm0, "vg-data", {"nvme0n1"}), nullptr},
      {md("raid0", {"nvme0n1"}), nullptr},
      {md("raid1", {"nvme0n1"}), copies},
      {md("raid10", {"nvme0n1"}), copies},
      {md("raid4", {"nvme0n1"}), unlimited},
      {md("raid5", {"nvme0n1"}), unlimited},
      {md("raid6", {"nvme0n1"}), unlimited},
  };
  for (const auto& [top, caution] : rows) {
    const DataStack stack = stack_of({top, block_device("nvme0n1", nvme0)});
    const auto found = placed(stack, LimitAt::disk).cautions;
    EXPECT_THAT(found, SizeIs(caution != nullptr ? 1 : 0)) << top.md_level << top.dm_uuid;
    if (caution != nullptr) {
      EXPECT_THAT(found.at(0), HasSubstr(caution));
    }
    EXPECT_THAT(placed(stack, LimitAt::volume).cautions, IsEmpty());
  }
}

TEST(PlaceRules, ALoopDeviceIsAVolumeAndNoDisk) {
  BlockDevice loop = block_device("loop3", {7, 3});
  loop.backing_file = "/srv/data.img";
  const DataStack stack = stack_of({loop});
  EXPECT_EQ(placed(stack, LimitAt::volume).chain,
            "/data = ext4 on loop3 of /srv/data.img (7:3); rule on 7:3");
  const auto refused = place_rules(stack, LimitAt::disk);
  ASSERT_TRUE(std::holds_alternative<Unsupported>(refused));
  EXPECT_THAT(std::get<Unsupported>(refused).why,
              HasSubstr("/data ends at the loop device loop3 of /srv/data.img"));
  EXPECT_THAT(std::get<Unsupported>(refused).why, HasSubstr("limit_at = volume"));
}

// systemd goes down from whatever it is given to one disk, and limits that.
TEST(PlaceRules, AWholeDiskIsWhatHasNothingBelowIt) {
  const auto whole = [](const DataStack& stack, LimitAt limit_at) {
    std::set<bool> answers;
    for (const RuleDevice& rule : placed(stack, limit_at).rules) answers.insert(rule.whole_disk);
    return answers;
  };
  const DataStack volume =
      stack_of({dm("dm-0", dm0, "a", {"nvme0n1", "nvme1n1"}), block_device("nvme0n1", nvme0),
                block_device("nvme1n1", nvme1)});
  EXPECT_THAT(whole(volume, LimitAt::volume), ElementsAre(false));
  EXPECT_THAT(whole(volume, LimitAt::disk), ElementsAre(true));
  EXPECT_THAT(whole(on_partition(nvme0), LimitAt::volume), ElementsAre(true));
  EXPECT_THAT(whole(stack_of({block_device("nvme0n1", nvme0)}), LimitAt::volume),
              ElementsAre(true));
  EXPECT_THAT(
      whole(stack_of({md("raid1", {"nvme0n1"}), block_device("nvme0n1", nvme0)}), LimitAt::volume),
      ElementsAre(false));
  EXPECT_THAT(whole(stack_of({partition("nvme0n1p2", nvme0p2, "gone")}), LimitAt::volume),
              ElementsAre(false));
}

TEST(PlaceRules, FactsMayBeAnything) {
  const DataStack none;
  EXPECT_TRUE(std::holds_alternative<Unsupported>(place_rules(none, LimitAt::volume)));
  const DataStack unknown = stack_of({block_device("dm-0", dm0)}, {"dm-1"});
  EXPECT_TRUE(std::holds_alternative<Unsupported>(place_rules(unknown, LimitAt::volume)));

  const DataStack circle = stack_of({md("raid0", {"dm-0", "dm-1"}), dm("dm-0", dm0, "a", {"md127"}),
                                     dm("dm-1", {252, 1}, "b", {"md127", "gone"})});
  EXPECT_THAT(placed(circle, LimitAt::volume).rules,
              ElementsAre(RuleDevice{md127, "seq-of-md127"}));
  EXPECT_TRUE(std::holds_alternative<Unsupported>(place_rules(circle, LimitAt::disk)));

  DataStack lost_whole = stack_of({partition("nvme0n1p2", nvme0p2, "gone")});
  EXPECT_THAT(placed(lost_whole, LimitAt::volume).rules, SizeIs(1));
}

TEST(SharedPlaces, AreThoseOnADeviceWithARule) {
  const Placement placement = placed(on_partition(nvme0), LimitAt::volume);
  EXPECT_THAT(shared_system_mounts(placement, {{"/", {nvme1, nvme1p2}},
                                               {"/var/lib/kubelet", {dm0, nvme0p2, nvme0}},
                                               {"/srv", {}}}),
              ElementsAre("/var/lib/kubelet"));
}

}  // namespace
}  // namespace iopslimit::placement_test
