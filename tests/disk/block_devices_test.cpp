// SPDX-License-Identifier: Apache-2.0
// Needs umockdev in front of libc: umockdev-wrapper ./data_disk_test
#include "disk/block_devices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/fake_disks.hpp"

namespace iopslimit::block_devices_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;

class BlockDevicesOnFakes : public FakeDisks {
 protected:
  BlockDevice named(const std::string& name) const {
    return BlockDevices().named(name).value_or(BlockDevice{});
  }
  std::string identity(const std::string& name) const { return named(name).identity; }
};

TEST_F(BlockDevicesOnFakes, ANvmeDiskWithAllItHas) {
  two_nvme();
  const BlockDevice expected = {.name = "nvme0n1",
                                .devnum = {259, 7000},
                                .model = "QEMU NVMe Ctrl",
                                .serial = "aa",
                                .namespace_id = 1,
                                .identity = "diskseq 20"};
  EXPECT_EQ(named("nvme0n1"), expected);
  EXPECT_EQ(BlockDevices().at({259, 7000}), expected);
}

TEST_F(BlockDevicesOnFakes, TheModelIsTheDisksNotThePartitions) {
  two_nvme();
  const BlockDevice expected = {.name = "nvme0n1p1",
                                .devnum = {259, 7001},
                                .whole = "nvme0n1",
                                .identity = "diskseq 20 partition 1 at 2048"};
  EXPECT_EQ(named("nvme0n1p1"), expected);
}

TEST_F(BlockDevicesOnFakes, NothingOfThatNameOrNumber) {
  EXPECT_EQ(BlockDevices().named("nvme7n1"), std::nullopt);
  EXPECT_EQ(BlockDevices().at({259, 7999}), std::nullopt);
  EXPECT_EQ(BlockDevices().at({0, 0}), std::nullopt);
}

TEST_F(BlockDevicesOnFakes, TwoNamespacesOfOneController) {
  two_nvme();
  disk(nvme0_ + "/nvme0n2", 7005, "A: nsid=2\nA: diskseq=22\n");
  EXPECT_EQ(named("nvme0n2").namespace_id, 2U);
  EXPECT_EQ(named("nvme0n2").serial, named("nvme0n1").serial);
  EXPECT_NE(identity("nvme0n2"), identity("nvme0n1"));
}

TEST_F(BlockDevicesOnFakes, PropertiesWhenSysfsHasNoModel) {
  disk("/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1", 7002,
       "A: nsid=2\nE: ID_MODEL=Shared\nE: ID_SERIAL_SHORT=bb\nE: ID_SERIAL=Shared_bb\n");
  EXPECT_EQ(named("nvme1n1").model + " " + named("nvme1n1").serial, "Shared bb");
}

TEST_F(BlockDevicesOnFakes, ScsiAndVirtio) {
  block("/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sdq", "disk", {65, 7000},
        "E: ID_MODEL=HARDDISK\nE: ID_SERIAL_SHORT=QM1\n");
  block("/devices/pci0000:00/virtio1/block/vdq", "disk", {254, 7000}, "A: serial=cc\n");
  block("/devices/pci0000:00/virtio2/block/vdr", "disk", {254, 7016});
  EXPECT_EQ(named("sdq").model + " " + named("sdq").serial, "HARDDISK QM1");
  EXPECT_EQ(named("vdq").model + " " + named("vdq").serial, " cc");
  EXPECT_EQ(named("vdr").model + named("vdr").serial, "");
}

// Linux before 5.15.
TEST_F(BlockDevicesOnFakes, IdentityWithoutADiskNumber) {
  disk(nvme0_ + "/nvme0n1", 7000, "A: nsid=1\nA: wwid=eui.0001\n");
  disk(nvme0_ + "/nvme0n2", 7005, "A: nsid=2\nA: wwid=eui.0002\n");
  partition(nvme0_ + "/nvme0n1/nvme0n1p1", 7001, "A: partition=1\nA: start=2048\n");
  virtual_disk("dm-0", {253, 7000}, "A: dm/uuid=LVM-abc\n");
  block("/devices/pci0000:00/virtio1/block/vdq", "disk", {254, 7000}, "A: serial=cc\n");
  virtual_disk("md127", {9, 7127}, "A: md/level=raid1\n");
  EXPECT_THAT(identity("nvme0n1"), MatchesRegex("inode [0-9]+ eui.0001"));
  EXPECT_THAT(identity("nvme0n2"), MatchesRegex("inode [0-9]+ eui.0002"));
  EXPECT_THAT(identity("nvme0n1p1"), MatchesRegex("inode [0-9]+ eui.0001 partition 1 at 2048"));
  EXPECT_THAT(identity("dm-0"), MatchesRegex("inode [0-9]+ LVM-abc"));
  EXPECT_THAT(identity("vdq"), MatchesRegex("inode [0-9]+ cc"));
  EXPECT_THAT(identity("md127"), AllOf(MatchesRegex("inode [0-9]+"), Not("inode 0")));
}

TEST_F(BlockDevicesOnFakes, AnotherDiskAtTheSameNumber) {
  virtual_disk("md127", {9, 7127});
  virtual_disk("md126", {9, 7126});
  EXPECT_NE(identity("md127"), identity("md126"));
  EXPECT_EQ(identity("md127"), identity("md127"));
}

TEST_F(BlockDevicesOnFakes, APartitionMadeAgainElsewhere) {
  two_nvme();
  const std::string before = identity("nvme0n1p1");
  umockdev_testbed_set_attribute(testbed_.get(), ("/sys" + nvme0_ + "/nvme0n1/nvme0n1p1").c_str(),
                                 "start", "4096");
  EXPECT_THAT(before, EndsWith(" at 2048"));
  EXPECT_THAT(identity("nvme0n1p1"), EndsWith(" at 4096"));
}

TEST(DeviceNames, SortedWhateverTheFoldersOrder) {
  const TempTree tree;
  for (const char letter : std::string("qhsdkzbtmxafyc")) {
    tree.file("slaves/sd" + std::string(1, letter));
  }
  tree.file("slaves/cciss!c0d0");
  EXPECT_THAT(device_names(tree.at("slaves")),
              ElementsAre("cciss/c0d0", "sda", "sdb", "sdc", "sdd", "sdf", "sdh", "sdk", "sdm",
                          "sdq", "sds", "sdt", "sdx", "sdy", "sdz"));
  EXPECT_THAT(device_names(tree.at("none")), IsEmpty());
}

}  // namespace
}  // namespace iopslimit::block_devices_test
