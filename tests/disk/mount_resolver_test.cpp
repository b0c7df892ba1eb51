// SPDX-License-Identifier: Apache-2.0
// Needs umockdev in front of libc: umockdev-wrapper ./data_disk_test
#include "disk/mount_resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/fake_disks.hpp"

namespace iopslimit::mount_resolver_test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(MountResolver, MissingMountinfoIsFatal) {
  EXPECT_THROW(MountResolver("/nonexistent/mountinfo"), std::system_error);
}

TEST_F(MountinfoFile, NothingThereYet) {
  EXPECT_THAT(find(data() + "/nope"),
              StartsWith("NotMounted " + data() + "/nope does not exist yet: "));
  fs::create_symlink(data() + "/nope", folder_ + "/link");
  EXPECT_THAT(find(folder_ + "/link"), HasSubstr("NotMounted " + folder_ +
                                                 "/link is a symbolic link to a place that does "
                                                 "not exist yet"));
}

TEST_F(MountinfoFile, APlainDirectory) {
  EXPECT_EQ(find(data()), "NotMounted " + data() +
                              " is not mounted: it is a plain directory on the file system of / "
                              "(ext4, /dev/sda1), whose disk is not limited in its place; mount "
                              "the data disk there, or set [device] mount to the directory the "
                              "data disk is mounted on");
  mounted("8:2", "xfs /dev/sda2 rw", folder_);
  EXPECT_THAT(find(data()),
              HasSubstr("on the file system of " + folder_ + " (xfs, /dev/sda2), whose disk"));
  write("");
  EXPECT_EQ(find(data()), "NotMounted " + data() + " is not mounted: mount the data disk there");
}

TEST_F(MountinfoFile, NotADirectoryAtAll) {
  EXPECT_THAT(find(mountinfo()), StartsWith("Unsupported " + mountinfo() + " is a file, "));
  EXPECT_THAT(find(mountinfo() + "/x"), StartsWith("Unsupported " + mountinfo() +
                                                   "/x cannot be looked up (Not a directory)"));
  fs::create_symlink("loop", folder_ + "/loop");
  EXPECT_THAT(find(folder_ + "/loop"), HasSubstr("cannot be looked up (Too many levels"));
  for (const char* path : {"data", "", "./data"}) {
    EXPECT_THAT(find(path), HasSubstr("' is not an absolute path: ")) << path;
  }
}

TEST_F(MountinfoFile, OtherFileSystemsAreNamed) {
  mounted("0:40", "nfs4 filer:/export rw", data());
  EXPECT_THAT(find(data()), StartsWith("Unsupported " + data() +
                                       " (filer:/export) cannot be limited: nfs4 is a network"));
  mounted("0:42", "strange none rw", data());
  EXPECT_THAT(find(data()), HasSubstr("strange has no block device; mount a local disk"));
}

TEST_F(MountinfoFile, AnAutomountThatWaits) {
  mounted("0:40", "autofs systemd-1 rw", data());
  EXPECT_THAT(find(data()), StartsWith("NotMounted " + data() + " is an automount point"));
}

using MountResolverTest = FakeDisks;

TEST_F(MountResolverTest, ThePathMayBeWrittenInManyWays) {
  two_nvme();
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  fs::create_directory_symlink(data(), folder_ + "/link");
  for (const std::string& path :
       {data(), data() + "/", folder_ + "//data", data() + "/../data", folder_ + "/link"}) {
    EXPECT_EQ(find(path), "DataStack " + path + " xfs: nvme0n1") << path;
  }
}

TEST_F(MountResolverTest, BlanksInThePathAndBindMounts) {
  two_nvme();
  fs::create_directory(folder_ + "/my data");
  std::ofstream(mountinfo(), std::ios::app)
      << "36 1 259:7000 /sub/folder " << folder_ << R"(/my\040data)"
      << " rw - xfs /dev/nvme0n1 rw\n";
  EXPECT_THAT(find(folder_ + "/my data"), StartsWith("DataStack "));
}

TEST_F(MountResolverTest, ResolvesAfreshAndTheLastMountWins) {
  two_nvme();
  const MountResolver disk(mountinfo());
  EXPECT_THAT(text_of(disk.find(data())), StartsWith("NotMounted "));
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  EXPECT_THAT(text_of(disk.find(data())), StartsWith("DataStack "));
  mounted("0:40", "tmpfs tmpfs rw", data());
  EXPECT_THAT(text_of(disk.find(data())), HasSubstr("tmpfs lives in memory"));
  std::string many = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
  for (int i = 0; i < 20000; ++i) many += "7 1 0:7 / /m" + std::to_string(i) + " rw - proc p rw\n";
  write(many);
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  EXPECT_THAT(text_of(disk.find(data())), StartsWith("DataStack "));
}

TEST_F(MountResolverTest, ReturnsMountsInTheRequestedOrder) {
  two_nvme();
  tree_.folder("logs");
  mounted("259:7011", "ext4 /dev/nvme1n1p1 rw", folder_ + "/logs");
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  const auto facts = MountResolver(mountinfo()).find({data(), folder_ + "/no", folder_ + "/logs"});
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_EQ(text_of(facts[0]), "DataStack " + data() + " xfs: nvme0n1");
  EXPECT_THAT(text_of(facts[1]), StartsWith("NotMounted "));
  EXPECT_EQ(text_of(facts[2]), "DataStack " + folder_ + "/logs ext4: nvme1n1p1");
}

TEST_F(MountResolverTest, Identities) {
  two_nvme();
  const MountResolver disk(mountinfo());
  EXPECT_EQ(disk.identity_of({259, 7000}), "diskseq 20");
  EXPECT_EQ(disk.identity_of({259, 7999}), "");
}

/// "/data: 259:7001 259:7000" for each place.
std::vector<std::string> texts_of(const std::vector<SystemMount>& places) {
  std::vector<std::string> texts;
  for (const SystemMount& one : places) {
    texts.push_back(one.path + ":");
    for (const Devnum devnum : one.devices) texts.back() += " " + to_string(devnum);
  }
  return texts;
}

TEST_F(MountResolverTest, PlacesAndAllTheyStandOn) {
  two_nvme();
  virtual_disk("dm-0", {253, 7000});
  stands_on("dm-0", "nvme1n1p1");
  write("1 0 259:7001 / / rw - ext4 /dev/nvme0n1p1 rw\n");
  tree_.folder("data/kubelet");
  fs::create_directory_symlink(data() + "/kubelet", folder_ + "/link");
  mounted("253:7000", "xfs /dev/mapper/vg-data rw", data());
  EXPECT_THAT(texts_of(MountResolver(mountinfo())
                           .system_mounts({"/", folder_, folder_ + "/none", data() + "/kubelet",
                                           data(), folder_ + "/link"})),
              ElementsAre("/: 259:7001 259:7000", folder_ + ": 259:7001 259:7000",
                          data() + "/kubelet: 253:7000 259:7011 259:7010",
                          data() + ": 253:7000 259:7011 259:7010",
                          folder_ + "/link: 253:7000 259:7011 259:7010"));
}

// A mount that mountinfo names needs no look, which may be forbidden or take for ever.
TEST_F(MountResolverTest, PathThatIsAMountIsNotAccessed) {
  two_nvme();
  mounted("259:7000", "xfs /dev/nvme0n1 rw", folder_ + "/unseen");
  EXPECT_THAT(texts_of(MountResolver(mountinfo()).system_mounts({folder_ + "/unseen"})),
              ElementsAre(folder_ + "/unseen: 259:7000"));
}

TEST_F(MountResolverTest, PlacesWithoutABlockDevice) {
  mounted("0:41", "tmpfs tmpfs rw", folder_);
  mounted("259:7999", "ext4 /dev/gone rw", data());
  EXPECT_THAT(MountResolver(mountinfo()).system_mounts({folder_, data()}), IsEmpty());
  write("");
  EXPECT_THAT(MountResolver(mountinfo()).system_mounts({"/", data()}), IsEmpty());
}

// A dead server must not hold the service up: the link below it is not followed.
TEST_F(MountResolverTest, PathsOnANetworkFileSystemAreNotAccessed) {
  two_nvme();
  tree_.folder("net");
  fs::create_directory_symlink(data(), folder_ + "/net/link");
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  const MountResolver disk(mountinfo());
  EXPECT_THAT(texts_of(disk.system_mounts({folder_ + "/net/link"})),
              ElementsAre(folder_ + "/net/link: 259:7000"));
  mounted("0:40", "nfs4 filer:/export rw", folder_ + "/net");
  EXPECT_THAT(disk.system_mounts({folder_ + "/net/link"}), IsEmpty());
}

// The root of a live system is an overlay, and what matters a link to a disk.
TEST_F(MountResolverTest, APlaceThatIsALinkOnAnOverlay) {
  two_nvme();
  write("1 0 0:30 / / rw - overlay overlay rw\n");
  fs::create_directory_symlink(data(), folder_ + "/link");
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  EXPECT_THAT(texts_of(MountResolver(mountinfo()).system_mounts({"/", folder_ + "/link"})),
              ElementsAre(folder_ + "/link: 259:7000"));
}

bool raised(const MountResolver& disk) {
  pollfd one = {disk.fd(), POLLPRI, 0};
  return poll(&one, 1, 0) == 1 && (one.revents & POLLPRI) != 0;
}

/// What a child in its own mount namespace saw go wrong; "" = nothing.
std::string follow_real_mounts(const std::string& at) {
  const MountResolver disk;
  if (raised(disk)) return "raised before anything happened";
  for (int round = 0; round < 3; ++round) {
    if (!text_of(disk.find(at)).starts_with("NotMounted ")) return text_of(disk.find(at));
    if (mount("none", at.c_str(), "tmpfs", 0, nullptr) != 0) return "mount failed";
    if (!raised(disk)) return "a mount was not raised";
    if (raised(disk)) return "raised twice for one mount";
    if (text_of(disk.find(at)).find("tmpfs lives in memory") == std::string::npos) return "unseen";
    if (umount(at.c_str()) != 0) return "umount failed";
    if (text_of(disk.find(at)).find("plain directory") == std::string::npos) return "still seen";
    if (!raised(disk)) return "an unmount was not raised, or reading swallowed it";
  }
  return "";
}

TEST(MountResolver, RealMountsAreRaisedAndFound) {
  const TempTree tree;
  const std::string folder = fs::canonical(tree.root());
  const pid_t child = fork();
  if (child == 0) {
    // Without root a new user namespace gives the right to mount in a new mount namespace.
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(77);
    if (mount("none", "/", "", MS_REC | MS_PRIVATE, nullptr) != 0) _exit(77);
    const std::string wrong = follow_real_mounts(folder);
    if (!wrong.empty()) (void)!write(STDERR_FILENO, (wrong + "\n").c_str(), wrong.size() + 1);
    _exit(wrong.empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no right to make a mount namespace";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "see above";
}

}  // namespace
}  // namespace iopslimit::mount_resolver_test
