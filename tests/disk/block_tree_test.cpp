// SPDX-License-Identifier: Apache-2.0
// Needs umockdev in front of libc: umockdev-wrapper ./data_disk_test
#include "disk/block_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/fake_disks.hpp"

namespace iopslimit::block_tree_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::StartsWith;

class BlockStack : public FakeDisks {
 protected:
  std::string tree_on(const std::string& devnum) const { return tree_of(stack_on(devnum).devices); }

  /// Takes the device out of sysfs; links to it dangle.
  void unplug(const std::string& path, const std::string& devnum) {
    umockdev_testbed_remove_device(testbed_.get(), ("/sys" + path).c_str());
    fs::remove_all(sys().string() + path);
    fs::remove(sys() / "dev/block" / devnum);
  }
};

TEST_F(BlockStack, ADiskAlone) {
  two_nvme();
  const DataStack stack = stack_on("259:7000");
  EXPECT_EQ(stack.mount, data());
  EXPECT_EQ(stack.file_system, "ext4");
  EXPECT_EQ(stack.profile, "");
  EXPECT_THAT(stack.members, ElementsAre("nvme0n1"));
  EXPECT_EQ(tree_of(stack.devices), "nvme0n1");
}

TEST_F(BlockStack, APartition) {
  two_nvme();
  EXPECT_EQ(tree_on("259:7001"), "nvme0n1p1/nvme0n1 nvme0n1");
}

TEST_F(BlockStack, LvmOverTwoPartitions) {
  two_nvme();
  virtual_disk("dm-0", {253, 7000}, "A: dm/uuid=LVM-abc\nA: dm/name=vg-data\n");
  stands_on("dm-0", "nvme1n1p1");
  stands_on("dm-0", "nvme0n1p1");
  EXPECT_EQ(tree_on("253:7000"),
            "dm-0(nvme0n1p1 nvme1n1p1) nvme0n1p1/nvme0n1 nvme1n1p1/nvme1n1 nvme0n1 nvme1n1");
  const BlockDevice top = stack_on("253:7000").devices.front();
  EXPECT_EQ(top.dm_uuid, "LVM-abc");
  EXPECT_EQ(top.dm_name, "vg-data");
  EXPECT_EQ(top.devnum, (Devnum{253, 7000}));
}

TEST_F(BlockStack, LvmThin) {
  two_nvme();
  virtual_disk("dm-0", {253, 7000}, "A: dm/name=vg-pool_tmeta\n");
  virtual_disk("dm-1", {253, 7001}, "A: dm/name=vg-pool_tdata\n");
  virtual_disk("dm-2", {253, 7002}, "A: dm/name=vg-pool-tpool\nA: dm/uuid=LVM-abc-tpool\n");
  virtual_disk("dm-4", {253, 7004}, "A: dm/name=vg-thin\nA: dm/uuid=LVM-abc\n");
  stands_on("dm-0", "nvme0n1p1");
  stands_on("dm-1", "nvme0n1p1");
  stands_on("dm-2", "dm-0");
  stands_on("dm-2", "dm-1");
  stands_on("dm-4", "dm-2");
  EXPECT_EQ(tree_on("253:7004"),
            "dm-4(dm-2) dm-2(dm-0 dm-1) dm-0(nvme0n1p1) dm-1(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1");
}

TEST_F(BlockStack, EncryptionAndLvmOverIt) {
  two_nvme();
  virtual_disk("dm-0", {253, 7000}, "A: dm/uuid=CRYPT-LUKS2-abc-safe\nA: dm/name=safe\n");
  stands_on("dm-0", "nvme0n1p1");
  EXPECT_EQ(tree_on("253:7000"), "dm-0(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1");
  virtual_disk("dm-1", {253, 7001}, "A: dm/uuid=LVM-abc\nA: dm/name=vg-data\n");
  stands_on("dm-1", "dm-0");
  EXPECT_EQ(tree_on("253:7001"), "dm-1(dm-0) dm-0(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1");
}

TEST_F(BlockStack, AnMdArrayAndAPartitionOnIt) {
  two_nvme();
  virtual_disk("md127", {9, 7127}, "A: md/level=raid1\n");
  stands_on("md127", "nvme0n1p1");
  stands_on("md127", "nvme1n1p1");
  const std::string below =
      "md127(nvme0n1p1 nvme1n1p1) nvme0n1p1/nvme0n1 nvme1n1p1/nvme1n1 nvme0n1 nvme1n1";
  EXPECT_EQ(tree_on("9:7127"), below);
  EXPECT_EQ(stack_on("9:7127").devices.front().md_level, "raid1");
  partition("/devices/virtual/block/md127/md127p1", 7031);
  EXPECT_EQ(tree_on("259:7031"), "md127p1/md127 " + below);
}

TEST_F(BlockStack, ALoopDevice) {
  virtual_disk("loop77", {7, 7077}, "A: loop/backing_file=/var/lib/my data.img\n");
  virtual_disk("loop78", {7, 7078});
  EXPECT_EQ(stack_on("7:7077").devices.front().backing_file, "/var/lib/my data.img");
  EXPECT_EQ(stack_on("7:7078").devices.front().backing_file, "");
}

// Its paths have no number and no part in anything.
TEST_F(BlockStack, TheHeadOfAnNvmeMultipathDisk) {
  const std::string subsystem = "/devices/virtual/nvme-subsystem/nvme-subsys1";
  device(subsystem, "nvme-subsystem", "A: model=Shared   \nA: serial=bb   \n");
  disk(subsystem + "/nvme1n1", 7020, "A: nsid=2\n");
  partition(subsystem + "/nvme1n1/nvme1n1p3", 7023);
  device(nvme1_ + "/nvme1c0n1", "block", "E: DEVTYPE=disk\nA: hidden=1\n");
  EXPECT_EQ(tree_on("259:7023"), "nvme1n1p3/nvme1n1 nvme1n1");
  const BlockDevice head = stack_on("259:7023").devices.back();
  EXPECT_EQ(head.model + " " + head.serial, "Shared bb");
  EXPECT_EQ(head.namespace_id, 2U);
  virtual_disk("dm-0", {253, 7000});
  stands_on("dm-0", "nvme1c0n1");
  stands_on("dm-0", "nvme1n1");
  EXPECT_EQ(tree_on("253:7000"), "dm-0(nvme1n1) nvme1n1");
}

TEST_F(BlockStack, ANameWithASlash) {
  block("/devices/pci0000:00/0000:00:06.0/block/cciss!c0d0", "disk", {104, 7000});
  block("/devices/pci0000:00/0000:00:06.0/block/cciss!c0d0/cciss!c0d0p1", "partition", {104, 7001});
  virtual_disk("dm-0", {253, 7000});
  stands_on("dm-0", "cciss!c0d0p1");
  EXPECT_EQ(tree_on("253:7000"), "dm-0(cciss/c0d0p1) cciss/c0d0p1/cciss/c0d0 cciss/c0d0");
}

TEST_F(BlockStack, ACircleEnds) {
  for (const char* name : {"dm-0", "dm-1"}) {
    virtual_disk(name, {253, 7000U + static_cast<unsigned>(name[3] - '0')});
  }
  stands_on("dm-0", "dm-1");
  stands_on("dm-1", "dm-0");
  EXPECT_EQ(tree_on("253:7000"), "dm-0(dm-1) dm-1(dm-0)");
  virtual_disk("dm-9", {253, 7009});
  stands_on("dm-9", "dm-9");
  EXPECT_EQ(tree_on("253:7009"), "dm-9(dm-9)");
}

// Sixteen levels of two, each standing on both below: 65,536 ways down.
TEST_F(BlockStack, ManyWaysDownAreWalkedOnce) {
  const auto name = [](unsigned level, unsigned side) {
    return "dm-" + std::to_string(2 * level + side);
  };
  for (unsigned i = 0; i < 32; ++i) virtual_disk(name(i / 2, i % 2), {253, 7000 + i});
  for (unsigned i = 0; i < 30; ++i) {
    stands_on(name(i / 2, i % 2), name(i / 2 + 1, 0));
    stands_on(name(i / 2, i % 2), name(i / 2 + 1, 1));
  }
  EXPECT_EQ(stack_on("253:7000").devices.size(), 31U);
}

TEST_F(BlockStack, AnArrayThatLostADiskGoesOn) {
  two_nvme();
  virtual_disk("md127", {9, 7127}, "A: md/level=raid1\n");
  stands_on("md127", "nvme0n1p1");
  stands_on("md127", "nvme1n1p1");
  unplug(nvme1_ + "/nvme1n1/nvme1n1p1", "259:7011");
  EXPECT_EQ(tree_on("9:7127"), "md127(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1");
}

TEST_F(BlockStack, AVolumeThatLostAllItsDisksIsGone) {
  two_nvme();
  virtual_disk("dm-0", {253, 7000}, "A: dm/uuid=CRYPT-LUKS2-abc\n");
  virtual_disk("dm-1", {253, 7001}, "A: dm/uuid=LVM-abc\n");
  stands_on("dm-0", "nvme0n1p1");
  stands_on("dm-1", "dm-0");
  unplug(nvme0_ + "/nvme0n1/nvme0n1p1", "259:7001");
  write("");
  mounted("253:7001", "ext4 /dev/mapper/vg-data rw", data());
  EXPECT_EQ(find(data()),
            "NotMounted " + data() +
                " is mounted, but its block device (253:7001, /dev/mapper/vg-data) or all that is "
                "below it is not in /sys: the disk is gone; when it is back, unmount " +
                data() + " and mount it again");
}

TEST_F(BlockStack, ADeviceThatIsGone) {
  const std::string gone = "NotMounted " + data() + " is mounted, but its block device (";
  mounted("259:7005", "ext4 /dev/nvme9n1p1 rw", data());
  EXPECT_THAT(find(data()), StartsWith(gone + "259:7005, /dev/nvme9n1p1) or all that"));
  partition("/devices/orphan/block/nvme8n1p1", 7006);
  write("");
  mounted("259:7006", "ext4 /dev/nvme8n1p1 rw", data());
  EXPECT_THAT(find(data()), StartsWith(gone + "259:7006"));
}

// As when a disk goes while it is walked: what was read first names what is no longer there.
TEST_F(BlockStack, LeavesOutDevicesThatGoDuringTheWalk) {
  two_nvme();
  const BlockDevice volume = {.name = "dm-0", .slaves = {"nvme0n1", "nvme7n1"}};
  const BlockDevice lost = {.name = "dm-1", .slaves = {"nvme7n1"}};
  const BlockDevice part = {.name = "nvme7n1p1", .whole = "nvme7n1"};
  const BlockDevice above = {.name = "dm-2", .slaves = {"dm-1"}};
  EXPECT_EQ(tree_of(walk_down(BlockDevices(), {volume, lost, part, above})),
            "dm-0(nvme0n1) nvme0n1");
  EXPECT_EQ(tree_of(walk_down(BlockDevices(), {lost, above})), "");
}

}  // namespace
}  // namespace iopslimit::block_tree_test
