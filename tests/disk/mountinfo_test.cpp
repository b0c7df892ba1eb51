// SPDX-License-Identifier: Apache-2.0
#include "disk/mountinfo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace iopslimit::mountinfo_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Mountinfo, OneLine) {
  const auto mounts = parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime shared:7 master:1 - ext3 /dev/root rw,errors=continue\n");
  const Mount expected = {.devnum = {98, 0},
                          .root = "/mnt1",
                          .mount_point = "/mnt2",
                          .file_system = "ext3",
                          .source = "/dev/root",
                          .super_options = "rw,errors=continue",
                          .id = 36,
                          .parent = 35};
  ASSERT_THAT(mounts, SizeIs(1));
  EXPECT_EQ(mounts[0], expected);
}

struct LineRow {
  std::string line;
  std::string mount_point;
  std::string file_system;
  std::string source;
};

TEST(Mountinfo, ParsesWhateverTheKernelMayWrite) {
  const LineRow rows[] = {
      {"1 0 8:1 / / rw - ext4 /dev/sda1 rw", "/", "ext4", "/dev/sda1"},
      {R"(1 0 8:1 / /my\040data rw - ext4 /dev/sda1 rw)", "/my data", "ext4", "/dev/sda1"},
      {R"(1 0 8:1 / /a\011b\012c\134d rw - ext4 x rw)", "/a\tb\nc\\d", "ext4", "x"},
      {R"(1 0 8:1 / /a\043b\303\244 rw - ext4 x rw)", "/a#b\303\244", "ext4", "x"},
      {R"(1 0 8:1 / /a\04 rw - ext4 x\ rw)", R"(/a\04)", "ext4", R"(x\)"},
      {R"(1 0 8:1 / /a\777\089 rw - ext4 x rw)", R"(/a\777\089)", "ext4", "x"},
      {R"(1 0 8:1 / /a\134040 rw - ext4 x rw)", R"(/a\040)", "ext4", "x"},
      {"1 0 0:5 / /t rw shared:1 unbindable - tmpfs  rw", "/t", "tmpfs", ""},
      {"1 0 0:5 / /- rw - tmpfs - rw", "/-", "tmpfs", "-"},
      {"1 0 0:5 / /f rw - fuse.sshfs host:/x rw,user_id=0", "/f", "fuse.sshfs", "host:/x"},
  };
  for (const LineRow& row : rows) {
    const auto mounts = parse_mountinfo(row.line);
    ASSERT_THAT(mounts, SizeIs(1)) << row.line;
    EXPECT_EQ(mounts[0].mount_point, row.mount_point);
    EXPECT_EQ(mounts[0].file_system, row.file_system);
    EXPECT_EQ(mounts[0].source, row.source);
  }
}

TEST(Mountinfo, AnOddLineHidesNothing) {
  const char* odd[] = {"",
                       "\n",
                       "garbage",
                       "x 0 8:1 / /a rw - ext4 x rw",
                       "1 x 8:1 / /a rw - ext4 x rw",
                       "1 0 8-1 / /a rw - ext4 x rw",
                       "1 0 8:1 / /a rw ext4 x rw",
                       "1 0 8:1 / /a rw - ext4 x",
                       "1 0 8:1 / /a rw -",
                       "1 0 8:1 / /a",
                       "1 0 8:1   rw - ext4 x rw",
                       "1  0 8:1 / /a rw - ext4 x rw"};
  for (const char* line : odd) {
    const std::string text = std::string(line) + "\n2 1 8:2 / /data rw - xfs /dev/sdb rw\n";
    const auto mounts = parse_mountinfo(text);
    ASSERT_THAT(mounts, SizeIs(1)) << line;
    EXPECT_EQ(mounts[0].mount_point, "/data");
  }
  EXPECT_THAT(parse_mountinfo(""), IsEmpty());
}

Mount at(const std::string& mount_point, unsigned id, unsigned parent) {
  Mount mount;
  mount.devnum = {259, id};
  mount.mount_point = mount_point;
  mount.file_system = "ext4";
  mount.id = id;
  mount.parent = parent;
  return mount;
}

unsigned found(const std::vector<Mount>& mounts, const std::string& mount_point) {
  const auto mount = find_mount(mounts, mount_point);
  return mount ? mount->id : 0;
}

TEST(FindMount, ExactlyThisMountPoint) {
  const std::vector<Mount> mounts = {at("/", 1, 0), at("/data", 2, 1), at("/data/sub", 3, 2)};
  EXPECT_EQ(found(mounts, "/data"), 2U);
  EXPECT_EQ(found(mounts, "/"), 1U);
  for (const char* path : {"/dat", "/data/", "/datas", "/data/su", "", "data"}) {
    EXPECT_EQ(found(mounts, path), 0U) << path;
  }
  EXPECT_EQ(found({}, "/"), 0U);
}

TEST(FindMount, TheOneThatCoversTheOthers) {
  // later covers earlier
  EXPECT_EQ(found({at("/data", 2, 1), at("/data", 3, 2), at("/data", 4, 3)}, "/data"), 4U);
  // 4 was mounted elsewhere first and moved over 9
  EXPECT_EQ(found({at("/data", 4, 9), at("/data", 9, 1)}, "/data"), 4U);
  // propagation tucked 9 beneath 4
  EXPECT_EQ(found({at("/", 1, 0), at("/data", 4, 9), at("/x", 5, 1), at("/data", 9, 1)}, "/data"),
            4U);
}

TEST(FindMount, TheLastOneWhenTheNumbersDoNotTell) {
  EXPECT_EQ(found({at("/data", 2, 1), at("/data", 3, 1)}, "/data"), 3U);
  EXPECT_EQ(found({at("/data", 2, 3), at("/data", 3, 2)}, "/data"), 3U);
  std::vector<Mount> same = {at("/data", 0, 0), at("/data", 0, 0)};
  same[1].source = "last";
  EXPECT_EQ(find_mount(same, "/data")->source, "last");
}

TEST(FindMount, NothingThatAMountOnAFolderAboveHides) {
  const std::vector<Mount> hidden = {at("/", 1, 0), at("/srv/data", 2, 1), at("/srv", 3, 1)};
  EXPECT_EQ(found(hidden, "/srv/data"), 0U);
  EXPECT_EQ(holding_mount(hidden, "/srv/data")->id, 3U);
  // its parent is hidden; its parent is covered
  EXPECT_EQ(found({at("/", 1, 0), at("/a/b", 2, 1), at("/a/b/c", 3, 2), at("/a", 4, 1)}, "/a/b/c"),
            0U);
  EXPECT_EQ(found({at("/", 1, 0), at("/a", 2, 1), at("/a/b", 3, 2), at("/a", 4, 2)}, "/a/b"), 0U);
  // the one on top has another there
  EXPECT_EQ(
      found({at("/", 1, 0), at("/a", 2, 1), at("/a/b", 3, 2), at("/a", 4, 2), at("/a/b", 5, 4)},
            "/a/b"),
      5U);
  // neighbours, and what is mounted inside
  EXPECT_EQ(found({at("/", 1, 0), at("/a", 2, 1), at("/ab", 3, 1), at("/a/b", 4, 2)}, "/a"), 2U);
}

TEST(HoldingMount, TheNearestFolderAbove) {
  const std::vector<Mount> mounts = {at("/", 1, 0), at("/srv", 2, 1), at("/srv/data", 3, 2)};
  EXPECT_EQ(holding_mount(mounts, "/srv/data")->id, 3U);
  EXPECT_EQ(holding_mount(mounts, "/srv/data/a/b")->id, 3U);
  EXPECT_EQ(holding_mount(mounts, "/srv/database")->id, 2U);
  EXPECT_EQ(holding_mount(mounts, "/data")->id, 1U);
  EXPECT_EQ(holding_mount(mounts, "/")->id, 1U);
  EXPECT_EQ(holding_mount(mounts, "relative")->id, 1U);
  EXPECT_EQ(holding_mount({}, "/data"), std::nullopt);
}

Mount of(const std::string& file_system, unsigned major) {
  Mount mount;
  mount.file_system = file_system;
  mount.devnum = {major, 1};
  return mount;
}

TEST(RefusedFileSystem, AnyOnABlockDeviceIsAccepted) {
  for (const char* name : {"ext4", "xfs", "ext3", "f2fs", "a-new-one"}) {
    EXPECT_EQ(refused_file_system(of(name, 259)), "") << name;
  }
}

TEST(RefusedFileSystem, NamesTheReasonAndTheWayOut) {
  struct Row {
    const char* file_system;
    const char* why;
  };
  const Row rows[] = {
      {"nfs", "network"},
      {"nfs4", "network"},
      {"cifs", "network"},
      {"9p", "network"},
      {"virtiofs", "network"},
      {"tmpfs", "memory"},
      {"overlay", "lies over other file systems"},
      {"zfs", "threads of the kernel"},
      {"bcachefs", "several disks"},
      {"fuse.sshfs", "process of its own"},
      {"fuse", "process of its own"},
      {"a-new-one", "no block device"},
  };
  for (const Row& row : rows) {
    const std::string text = refused_file_system(of(row.file_system, 0));
    EXPECT_THAT(text, StartsWith(std::string(row.file_system) + " "));
    EXPECT_THAT(text, HasSubstr(row.why));
    EXPECT_THAT(text, HasSubstr("set [device] mount"));
  }
}

TEST(RefusedFileSystem, BtrfsIsAcceptedDespiteItsNumber) {
  EXPECT_EQ(refused_file_system(of("btrfs", 0)), "");
}

TEST(RefusedFileSystem, AdviceFitsTheReason) {
  EXPECT_EQ(refused_file_system(of("nfs4", 0)),
            "nfs4 is a network file system, its I/O reaches no disk of this node; limit it where "
            "the disks are, and set [device] mount to where a local disk is mounted");
  EXPECT_EQ(refused_file_system(of("overlay", 0)),
            "overlay only lies over other file systems and has no disk of its own; set [device] "
            "mount to where the file system that really holds the files is mounted");
  EXPECT_EQ(refused_file_system(of("tmpfs", 0)),
            "tmpfs lives in memory; mount a local disk with ext4, xfs or btrfs there, or set "
            "[device] mount to where one is mounted");
}

TEST(MayHang, WhereAnotherMachineOrProcessAnswers) {
  for (const char* name : {"nfs4", "cifs", "fuse.sshfs", "fuseblk", "autofs"}) {
    EXPECT_TRUE(may_hang(of(name, 0))) << name;
  }
  for (const char* name : {"ext4", "btrfs", "tmpfs", "overlay", "zfs", "a-new-one"}) {
    EXPECT_FALSE(may_hang(of(name, 0))) << name;
  }
}

TEST(RefusedFileSystem, ABlockDeviceDoesNotHelpWhereAnotherProcessDoesTheIo) {
  EXPECT_THAT(refused_file_system(of("fuseblk", 8)), HasSubstr("process of its own"));
}

}  // namespace
}  // namespace iopslimit::mountinfo_test
