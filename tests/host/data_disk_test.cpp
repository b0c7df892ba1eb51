// SPDX-License-Identifier: Apache-2.0
// Needs umockdev in front of libc: umockdev-wrapper ./data_disk_test
#include "host/data_disk.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <umockdev.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace iopslimit {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

std::string make_folder() {
  std::string folder = fs::temp_directory_path() / "data_disk_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) std::abort();
  return fs::canonical(folder);
}

/// The text of an answer, marked with its kind.
std::string text_of(const DiskAnswer& answer) {
  if (const auto* absent = std::get_if<NotMounted>(&answer)) return "NotMounted " + absent->why;
  if (const auto* refused = std::get_if<Unsupported>(&answer)) return "Unsupported " + refused->why;
  return "DataDevice " + describe(std::get<DataDevice>(answer));
}

/// A mountinfo file in a temp folder. Its fake paths are below that folder, so that the machine's
/// own /data never matters.
class MountinfoFile : public testing::Test {
 protected:
  MountinfoFile() : folder_(make_folder()), mountinfo_(folder_ + "/mountinfo") {
    fs::create_directory(data());
    write("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string data() const { return folder_ + "/data"; }

  void write(const std::string& text) const { std::ofstream(mountinfo_) << text; }

  /// `end`: what stands after the dash. "ext4 /dev/nvme0n1p1 rw"
  void mounted(const std::string& devnum, const std::string& end, const std::string& at) const {
    std::ofstream(mountinfo_, std::ios::app)
        << "36 1 " << devnum << " / " << at << " rw,relatime shared:1 - " << end << "\n";
  }

  std::string find(const std::string& mount_point) const {
    return text_of(DataDisk(mountinfo_).find(mount_point));
  }

  std::string folder_;
  std::string mountinfo_;
};

TEST(DataDisk, MissingMountinfoIsFatal) {
  EXPECT_THROW(DataDisk("/nonexistent/mountinfo"), std::system_error);
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
                              " is not mounted: it is a plain directory on ext4 (/dev/sda1); mount "
                              "the data disk there, or set [device] mount to the directory the "
                              "data disk is mounted on");
  write("");
  EXPECT_THAT(find(data()), HasSubstr("it is a plain directory; mount the data disk there"));
}

TEST_F(MountinfoFile, NotADirectoryAtAll) {
  EXPECT_THAT(find(mountinfo_), StartsWith("Unsupported " + mountinfo_ + " is a file, "));
  EXPECT_THAT(find(mountinfo_ + "/x"),
              StartsWith("Unsupported " + mountinfo_ + "/x cannot be looked up (Not a directory)"));
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
  mounted("0:41", "btrfs /dev/nvme0n1 rw", data());
  EXPECT_THAT(find(data()), HasSubstr("btrfs can spread over several disks and is not supported"));
  mounted("0:42", "strange none rw", data());
  EXPECT_THAT(find(data()), HasSubstr("strange has no block device; mount a local disk"));
}

TEST_F(MountinfoFile, AnAutomountThatWaits) {
  mounted("0:40", "autofs systemd-1 rw", data());
  EXPECT_THAT(find(data()), StartsWith("NotMounted " + data() + " is an automount point"));
}

struct TestbedFree {
  void operator()(UMockdevTestbed* testbed) const { g_object_unref(testbed); }
};

/// Adds fake block devices, in the folders that the kernel puts them in.
class DataDiskOnFakes : public MountinfoFile {
 protected:
  DataDiskOnFakes() : testbed_(umockdev_testbed_new()) {}
  void SetUp() override {
    ASSERT_TRUE(umockdev_in_mock_environment()) << "run it with umockdev-wrapper";
  }

  /// `lines` in umockdev-record's form: "A: attribute=value\n", "E: PROPERTY=value\n".
  void device(const std::string& path, const std::string& subsystem, const std::string& lines) {
    const std::string text = "P: " + path + "\nE: SUBSYSTEM=" + subsystem + "\n" + lines;
    GError* error = nullptr;
    umockdev_testbed_add_from_string(testbed_.get(), text.c_str(), &error);
    if (error != nullptr) FAIL() << error->message;
  }

  void block(const std::string& path, const std::string& type, Devnum devnum,
             const std::string& lines = "") {
    device(path, "block",
           "E: DEVTYPE=" + type + "\nE: MAJOR=" + std::to_string(devnum.major) + "\nE: MINOR=" +
               std::to_string(devnum.minor) + "\nA: dev=" + to_string(devnum) + "\n" + lines);
    // umockdev itself makes this link only below "/block/", which no NVMe disk is.
    gchar* root = umockdev_testbed_get_sys_dir(testbed_.get());
    const fs::path links = fs::path(root) / "dev/block";
    g_free(root);
    fs::create_directories(links);
    fs::create_symlink("../.." + path, links / to_string(devnum));
  }

  /// sysfs pads model and serial as the controller does.
  void nvme() {
    device(controller_, "nvme", "A: model=QEMU NVMe Ctrl           \nA: serial=aa         \n");
    block(controller_ + "/nvme0n1", "disk", {259, 7000}, "A: nsid=1\nE: ID_MODEL=QEMU_NVMe_Ctrl\n");
  }

  DataDevice found() const {
    const DiskAnswer answer = DataDisk(mountinfo_).find(data());
    const auto* device = std::get_if<DataDevice>(&answer);
    if (device != nullptr) return *device;
    ADD_FAILURE() << text_of(answer);
    return {};
  }

  DataDevice on_nvme_partition() const {
    DataDevice device;
    device.mount = data();
    device.file_system = "ext4";
    device.volume = "nvme0n1p1";
    device.volume_devnum = {259, 7001};
    device.disk = "nvme0n1";
    device.rule = {259, 7000};
    device.model = "QEMU NVMe Ctrl";
    device.serial = "aa";
    device.namespace_id = 1;
    return device;
  }

  const std::string controller_ = "/devices/pci0000:00/0000:00:04.0/nvme/nvme0";
  std::unique_ptr<UMockdevTestbed, TestbedFree> testbed_;
};

TEST_F(DataDiskOnFakes, NvmePartition) {
  nvme();
  block(controller_ + "/nvme0n1/nvme0n1p1", "partition", {259, 7001});
  mounted("259:7001", "ext4 /dev/nvme0n1p1 rw", data());
  EXPECT_EQ(found(), on_nvme_partition());
}

TEST_F(DataDiskOnFakes, NvmeWithoutPartitions) {
  nvme();
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  EXPECT_EQ(describe(found()),
            data() + " = xfs on nvme0n1 (259:7000), QEMU NVMe Ctrl, serial aa, namespace 1");
}

TEST_F(DataDiskOnFakes, NvmeMultipathHead) {
  const std::string subsystem = "/devices/virtual/nvme-subsystem/nvme-subsys1";
  device(subsystem, "nvme-subsystem", "A: model=Shared   \nA: serial=bb   \n");
  block(subsystem + "/nvme1n1", "disk", {259, 7002}, "A: nsid=2\n");
  block(subsystem + "/nvme1n1/nvme1n1p3", "partition", {259, 7003});
  mounted("259:7003", "ext4 /dev/nvme1n1p3 rw", data());
  EXPECT_EQ(describe(found()),
            data() +
                " = ext4 on nvme1n1p3; rule on nvme1n1 (259:7002), Shared, serial bb, "
                "namespace 2");
}

TEST_F(DataDiskOnFakes, PropertiesWhenSysfsHasNoIdentity) {
  block("/devices/virtual/nvme-subsystem/nvme-subsys1/nvme1n1", "disk", {259, 7002},
        "A: nsid=2\nE: ID_MODEL=Shared\nE: ID_SERIAL_SHORT=bb\nE: ID_SERIAL=Shared_bb\n");
  mounted("259:7002", "xfs /dev/nvme1n1 rw", data());
  EXPECT_EQ(describe(found()),
            data() + " = xfs on nvme1n1 (259:7002), Shared, serial bb, namespace 2");
}

TEST_F(DataDiskOnFakes, ScsiDiskWithPropertiesOnly) {
  const std::string path = "/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sdq";
  block(path, "disk", {65, 7000}, "E: ID_MODEL=HARDDISK\nE: ID_SERIAL_SHORT=QM1\n");
  block(path + "/sdq2", "partition", {65, 7002});
  mounted("65:7002", "ext4 /dev/sdq2 rw", data());
  EXPECT_EQ(describe(found()),
            data() + " = ext4 on sdq2; rule on sdq (65:7000), HARDDISK, serial QM1");
}

TEST_F(DataDiskOnFakes, VirtioDiskOfUnknownIdentity) {
  block("/devices/pci0000:00/virtio1/block/vdq", "disk", {254, 7000}, "A: serial=cc\n");
  block("/devices/pci0000:00/virtio2/block/vdr", "disk", {254, 7016});
  mounted("254:7000", "xfs /dev/vdq rw", data());
  EXPECT_EQ(describe(found()), data() + " = xfs on vdq (254:7000), serial cc");
  write("");
  mounted("254:7016", "xfs /dev/vdr rw", data());
  EXPECT_EQ(describe(found()), data() + " = xfs on vdr (254:7016)");
}

TEST_F(DataDiskOnFakes, StacksAreRefusedByName) {
  const std::string virt = "/devices/virtual/block/";
  block(virt + "dm-0", "disk", {253, 7000},
        "A: dm/uuid=LVM-abc\nA: dm/name=vg-data\nE: DM_UUID=LVM-abc\nE: DM_NAME=vg-data\n");
  block(virt + "dm-1", "disk", {253, 7001}, "E: DM_UUID=CRYPT-LUKS2-abc\nE: DM_NAME=safe\n");
  block(virt + "dm-2", "disk", {253, 7002}, "A: dm/uuid=mpath-36\nA: dm/name=mpatha\n");
  block(virt + "md127", "disk", {9, 7127}, "A: md/level=raid1\n");
  block(virt + "md127/md127p1", "partition", {259, 7009});
  block(virt + "md126", "disk", {9, 7126}, "E: MD_LEVEL=raid0\n");
  block(virt + "loop77", "disk", {7, 7077}, "A: loop/backing_file=/var/lib/data.img\n");
  struct Row {
    const char* devnum;
    const char* what;
  };
  const Row rows[] = {
      {"253:7000", "the LVM volume vg-data (dm-0): this version limits plain disks and partitions"},
      {"253:7001", "the encrypted volume safe (dm-1): "},
      {"253:7002", "the device-mapper multipath disk mpatha (dm-2): "},
      {"9:7127", "the md array md127 (raid1): "},
      {"259:7009", "the md array md127 (raid1): "},
      {"9:7126", "the md array md126 (raid0): "},
      {"7:7077", "the loop device loop77 (/var/lib/data.img): "},
  };
  for (const Row& row : rows) {
    write("");
    mounted(row.devnum, "ext4 /dev/x rw", data());
    EXPECT_THAT(find(data()), StartsWith("Unsupported " + data() + " is on " + row.what));
  }
}

TEST_F(DataDiskOnFakes, ADeviceThatIsGone) {
  const std::string gone = "NotMounted " + data() + " is mounted, but its block device ";
  mounted("259:7005", "ext4 /dev/nvme9n1p1 rw", data());
  EXPECT_THAT(find(data()), StartsWith(gone + "259:7005 (/dev/nvme9n1p1) is not in /sys: "));
  block("/devices/orphan/block/nvme8n1p1", "partition", {259, 7006});
  write("");
  mounted("259:7006", "ext4 /dev/nvme8n1p1 rw", data());
  EXPECT_THAT(find(data()), StartsWith(gone + "259:7006"));
}

TEST_F(DataDiskOnFakes, ThePathMayBeWrittenInManyWays) {
  nvme();
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  fs::create_directory_symlink(data(), folder_ + "/link");
  for (const std::string& path :
       {data(), data() + "/", folder_ + "//data", data() + "/../data", folder_ + "/link"}) {
    EXPECT_THAT(find(path), StartsWith("DataDevice " + path + " = xfs on nvme0n1 ")) << path;
  }
}

TEST_F(DataDiskOnFakes, BlanksInThePathAndBindMounts) {
  nvme();
  fs::create_directory(folder_ + "/my data");
  std::ofstream(mountinfo_, std::ios::app)
      << "36 1 259:7000 /sub/folder " << folder_ << R"(/my\040data)"
      << " rw - xfs /dev/nvme0n1 rw\n";
  EXPECT_THAT(find(folder_ + "/my data"), StartsWith("DataDevice "));
}

TEST_F(DataDiskOnFakes, EachLookIsAfreshAndTheLastMountWins) {
  nvme();
  const DataDisk disk(mountinfo_);
  EXPECT_THAT(text_of(disk.find(data())), StartsWith("NotMounted "));
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  EXPECT_THAT(text_of(disk.find(data())), StartsWith("DataDevice "));
  mounted("0:40", "tmpfs tmpfs rw", data());
  EXPECT_THAT(text_of(disk.find(data())), HasSubstr("tmpfs lives in memory"));
  std::string many = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
  for (int i = 0; i < 20000; ++i) many += "7 1 0:7 / /m" + std::to_string(i) + " rw - proc p rw\n";
  write(many);
  mounted("259:7000", "xfs /dev/nvme0n1 rw", data());
  EXPECT_THAT(text_of(disk.find(data())), StartsWith("DataDevice "));
}

bool raised(const DataDisk& disk) {
  pollfd one = {disk.fd(), POLLPRI, 0};
  return poll(&one, 1, 0) == 1 && (one.revents & POLLPRI) != 0;
}

/// What a child in its own mount namespace saw go wrong; "" = nothing.
std::string follow_real_mounts(const std::string& at) {
  const DataDisk disk;
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

TEST(DataDisk, RealMountsAreRaisedAndFound) {
  const std::string folder = make_folder();
  const pid_t child = fork();
  if (child == 0) {
    // Without root a new user namespace gives the right to mount in a new mount namespace.
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) _exit(77);
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) _exit(77);
    const std::string wrong = follow_real_mounts(folder);
    if (!wrong.empty()) (void)!write(STDERR_FILENO, (wrong + "\n").c_str(), wrong.size() + 1);
    _exit(wrong.empty() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  fs::remove(folder);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no right to make a mount namespace";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "see above";
}

}  // namespace
}  // namespace iopslimit
