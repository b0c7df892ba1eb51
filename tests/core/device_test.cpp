// SPDX-License-Identifier: Apache-2.0
#include "core/device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace iopslimit {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Devnum, IsWrittenAndReadAsTheKernelDoes) {
  const Devnum rows[] = {{0, 0}, {8, 16}, {259, 0}, {259, 300}, {4095, 1048575}};
  for (const Devnum& row : rows) EXPECT_EQ(parse_devnum(to_string(row)), row) << to_string(row);
  EXPECT_EQ(to_string({259, 300}), "259:300");
}

TEST(Devnum, IsNothingElse) {
  const char* rows[] = {"",       ":",       "259",     "259:",    ":0",          "259:0 ",
                        " 259:0", "259: 0",  "259 :0",  "+259:0",  "-1:0",        "259:-1",
                        "0x8:0",  "259:0:1", "259:0\n", "nvme0n1", "4294967296:0"};
  for (const char* row : rows) EXPECT_EQ(parse_devnum(row), std::nullopt) << "'" << row << "'";
}

DataDevice on_partition() {
  DataDevice device;
  device.mount = "/data";
  device.file_system = "ext4";
  device.volume = "nvme0n1p1";
  device.volume_devnum = {259, 1};
  device.disk = "nvme0n1";
  device.rule = {259, 0};
  device.model = "QEMU NVMe Ctrl";
  device.serial = "aa";
  device.namespace_id = 1;
  return device;
}

TEST(DataDevice, IsDescribedInOneLine) {
  DataDevice device = on_partition();
  EXPECT_EQ(describe(device),
            "/data = ext4 on nvme0n1p1; rule on nvme0n1 (259:0), QEMU NVMe Ctrl, serial aa, "
            "namespace 1");
  device.volume = device.disk;
  device.file_system = "xfs";
  EXPECT_EQ(describe(device),
            "/data = xfs on nvme0n1 (259:0), QEMU NVMe Ctrl, serial aa, namespace 1");
}

TEST(DataDevice, LeavesOutWhatIsUnknown) {
  DataDevice device = on_partition();
  device.model.clear();
  EXPECT_EQ(describe(device),
            "/data = ext4 on nvme0n1p1; rule on nvme0n1 (259:0), serial aa, namespace 1");
  device.serial.clear();
  device.namespace_id = 0;
  EXPECT_EQ(describe(device), "/data = ext4 on nvme0n1p1; rule on nvme0n1 (259:0)");
}

WholeDisk disk(const std::string& name) {
  WholeDisk disk;
  disk.name = name;
  return disk;
}

WholeDisk dm(const std::string& name, const std::string& uuid, const std::string& title) {
  WholeDisk dm = disk(name);
  dm.dm_uuid = uuid;
  dm.dm_name = title;
  return dm;
}

WholeDisk md(const std::string& name, const std::string& level) {
  WholeDisk md = disk(name);
  md.md_level = level;
  return md;
}

WholeDisk loop(const std::string& name, const std::string& backing_file) {
  WholeDisk loop = disk(name);
  loop.backing_file = backing_file;
  return loop;
}

TEST(WholeDisk, PlainDisksAreAccepted) {
  for (const char* name : {"nvme0n1", "nvme12n3", "sda", "sdaa", "vda", "xvdb", "mmcblk0"}) {
    EXPECT_EQ(refused_disk(disk(name)), "") << name;
  }
}

struct RefusedRow {
  WholeDisk disk;
  std::string what;
};

TEST(WholeDisk, StacksAreRefusedByName) {
  const RefusedRow rows[] = {
      {dm("dm-0", "LVM-abc", "vg-data"), "the LVM volume vg-data (dm-0)"},
      {dm("dm-0", "LVM-abc", ""), "the LVM volume dm-0"},
      {dm("dm-1", "CRYPT-LUKS2-abc-x", "x"), "the encrypted volume x (dm-1)"},
      {dm("dm-2", "mpath-3600", "mpatha"), "the device-mapper multipath disk mpatha (dm-2)"},
      {dm("dm-3", "part1-mpath-3600", "mpatha-part1"),
       "the device-mapper multipath disk mpatha-part1 (dm-3)"},
      {dm("dm-4", "", "test"), "the device-mapper volume test (dm-4)"},
      {dm("dm-5", "part", ""), "the device-mapper volume dm-5"},
      {md("md127", "raid1"), "the md array md127 (raid1)"},
      {md("md_d0", ""), "the md array md_d0"},
      {loop("loop0", "/var/lib/data.img"), "the loop device loop0 (/var/lib/data.img)"},
      {disk("zram0"), "the compressed memory disk zram0"},
      {disk("ram0"), "the memory disk ram0"},
      {disk("nbd0"), "the network block device nbd0"},
      {disk("rbd0"), "the Ceph block device rbd0"},
      {disk("drbd0"), "the replicated block device drbd0"},
      {disk("bcache0"), "the bcache device bcache0"},
      {disk("zd16"), "the ZFS volume zd16"},
      {disk("foo0"), "the block device foo0, which is of a kind this version does not know"},
      {{}, "the block device , which is of a kind this version does not know"},
  };
  for (const RefusedRow& row : rows) {
    const std::string text = refused_disk(row.disk);
    EXPECT_THAT(text, StartsWith(row.what + ": this version limits plain disks"));
    EXPECT_THAT(text, HasSubstr("set [device] mount"));
  }
}

}  // namespace
}  // namespace iopslimit
