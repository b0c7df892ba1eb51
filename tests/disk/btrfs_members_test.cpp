// SPDX-License-Identifier: Apache-2.0
// Needs umockdev in front of libc: umockdev-wrapper ./data_disk_test
#include "disk/btrfs_members.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/fake_disks.hpp"

namespace iopslimit::btrfs_members_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::StartsWith;

class Btrfs : public FakeDisks {
 protected:
  Btrfs() {
    folder("features");  // no file system
    folder("0000-other/devices");
    link("0000-other", "sdz");
    two_nvme();
    folder(fsid_ + "/devices");
    folder(fsid_ + "/allocation/data/raid1");
    std::ofstream(sys() / "fs/btrfs" / fsid_ / "allocation/data/flags") << "1\n";
  }
  void folder(const std::string& path) const { fs::create_directories(sys() / "fs/btrfs" / path); }
  void link(const std::string& fsid, const std::string& device) const {
    fs::create_symlink(sys() / "class/block" / device,
                       sys() / "fs/btrfs" / fsid / "devices" / device);
  }
  DataStack stack(const std::string& source) const {
    write("");
    mounted("0:40", "btrfs " + source + " rw,subvolid=5,subvol=/", data());
    return found();
  }

  const std::string fsid_ = "6931e288-2356-42f7-8d7c-544cc9ed5b37";
};

TEST_F(Btrfs, TwoMembers) {
  link(fsid_, "nvme1n1p1");
  link(fsid_, "nvme0n1p1");
  for (const char* source : {"/dev/nvme0n1p1", "/dev/nvme1n1p1"}) {
    const DataStack two = stack(source);
    EXPECT_EQ(two.file_system + " " + two.profile, "btrfs raid1");
    EXPECT_THAT(two.members, ElementsAre("nvme0n1p1", "nvme1n1p1"));
    EXPECT_EQ(tree_of(two.devices), "nvme0n1p1/nvme0n1 nvme1n1p1/nvme1n1 nvme0n1 nvme1n1");
  }
}

// A degraded mount has no link for a device that was missing, and keeps one that was pulled later.
TEST_F(Btrfs, AMissingMember) {
  link(fsid_, "nvme0n1p1");
  link(fsid_, "nvme5n1");
  EXPECT_THAT(stack("/dev/nvme0n1p1").members, ElementsAre("nvme0n1p1"));
  EXPECT_EQ(tree_of(stack("/dev/nvme5n1").devices), "nvme0n1p1/nvme0n1 nvme0n1");
}

// Both on encrypted volumes; the disk below one of them was pulled, the volume is still there.
TEST_F(Btrfs, AMemberThatStandsOnNothing) {
  virtual_disk("dm-0", {253, 7000});
  virtual_disk("dm-1", {253, 7001});
  stands_on("dm-0", "nvme0n1p1");
  stands_on("dm-1", "nvme5n1");
  link(fsid_, "dm-0");
  link(fsid_, "dm-1");
  EXPECT_THAT(stack("/dev/dm-1").members, ElementsAre("dm-0"));
  EXPECT_EQ(tree_of(stack("/dev/dm-1").devices), "dm-0(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1");
}

TEST_F(Btrfs, AllMembersGone) {
  link(fsid_, "nvme5n1");
  mounted("0:40", "btrfs /dev/nvme5n1 rw", data());
  EXPECT_THAT(find(data()), StartsWith("NotMounted " + data() +
                                       " is mounted, but its block device (/dev/nvme5n1) or all"));
}

TEST_F(Btrfs, OnAVolumeThatDeviceMapperNames) {
  virtual_disk("dm-0", {253, 7000}, "A: dm/name=vg-my data\nA: dm/uuid=LVM-abc\n");
  virtual_disk("dm-1", {253, 7001}, "A: dm/name=nvme0n1p1\n");
  stands_on("dm-0", "nvme0n1p1");
  link(fsid_, "dm-0");
  for (const char* source : {R"(/dev/mapper/vg-my\040data)", "/dev/dm-0"}) {
    EXPECT_EQ(tree_of(stack(source).devices), "dm-0(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1");
  }
  link("0000-other", "dm-1");
  EXPECT_THAT(stack("/dev/mapper/nvme0n1p1").members, ElementsAre("dm-1"));
}

TEST_F(Btrfs, ANameThatNoFileSystemHas) {
  virtual_disk("dm-0", {253, 7000}, "A: dm/name=data\n");
  link(fsid_, "nvme0n1p1");
  link(fsid_, "dm-0");
  for (const char* source :
       {"/dev/vg/data", "/dev/disk/by-label/nvme0n1p1", "nvme0n1p1", "/dev/", "/dev/mapper/",
        "/dev/nvme0n1", "/dev/mapper/nvme0n1p1", "/dev/root"}) {
    write("");
    mounted("0:40", std::string("btrfs ") + source + " rw", data());
    EXPECT_EQ(find(data()),
              "Unsupported " + data() + " is btrfs on " + source +
                  ", and neither the id of the file system nor that name leads to one in "
                  "/sys/fs/btrfs, so its disks are not known: mount it by the name /dev/NAME or "
                  "/dev/mapper/NAME of one of its "
                  "devices");
  }
  EXPECT_EQ(btrfs_members(Mount{}).has_value(), false);
}

// As of a kernel without an initramfs. In a container nothing but mountinfo tells of the mount.
TEST_F(Btrfs, TheOnlyFileSystemNeedsNoName) {
  link(fsid_, "nvme0n1p1");
  fs::remove_all(sys() / "fs/btrfs/0000-other");
  for (const char* source : {"/dev/root", "/dev/vg/data", "none"})
    EXPECT_THAT(stack(source).members, ElementsAre("nvme0n1p1"));
}

TEST(BtrfsStatfsId, IsTheFoldedUuidAndTheSubvolume) {
  const std::uint64_t top = 0x6931e288235642f7U ^ 0x8d7c544cc9ed5b37U ^ 5U;
  EXPECT_EQ(btrfs_statfs_id("6931e288-2356-42f7-8d7c-544cc9ed5b37", 5), top);
  EXPECT_EQ(btrfs_statfs_id("6931e288-2356-42f7-8d7c-544cc9ed5b37", 256), top ^ 5U ^ 256U);
  for (const char* no_uuid :
       {"", "features", "6931e288-2356-42f7-8d7c-544cc9ed5b3",
        "6931e288-2356-42f7-8d7c-544cc9ed5b377", "6931e288-2356-42f7-8d7c-544cc9ed5bxy"})
    EXPECT_EQ(btrfs_statfs_id(no_uuid, 5), std::nullopt) << no_uuid;
}

TEST_F(Btrfs, Profiles) {
  link(fsid_, "nvme0n1p1");
  const fs::path allocation = sys() / "fs/btrfs" / fsid_ / "allocation";
  for (const char* one : {"single", "raid6", "dup", "raid10", "raid0", "raid1c3", "raid5"}) {
    folder(fsid_ + "/allocation/data/" + one);
  }
  EXPECT_EQ(stack("/dev/nvme0n1p1").profile, "dup+raid0+raid1+raid10+raid1c3+raid5+raid6+single");
  fs::remove_all(allocation / "data");
  EXPECT_EQ(stack("/dev/nvme0n1p1").profile, "");
  folder(fsid_ + "/allocation/mixed/dup");
  folder(fsid_ + "/allocation/metadata/raid1");
  EXPECT_EQ(stack("/dev/nvme0n1p1").profile, "dup");
}

TEST_F(Btrfs, ABindMountOfASubvolume) {
  link(fsid_, "nvme0n1p1");
  std::ofstream(mountinfo(), std::ios::app)
      << "40 1 0:40 /sub " << data() << " rw - btrfs /dev/nvme0n1p1 rw,subvol=/sub\n";
  EXPECT_THAT(find(data()), StartsWith("DataStack "));
}

}  // namespace
}  // namespace iopslimit::btrfs_members_test
