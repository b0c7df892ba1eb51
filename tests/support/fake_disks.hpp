// SPDX-License-Identifier: Apache-2.0
// Fake disks, by umockdev, and a mountinfo file that mounts them: run the test by umockdev-wrapper.
#pragma once

#include <gtest/gtest.h>
#include <umockdev.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "disk/mount_resolver.hpp"
#include "disk/placement.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit {

/// The text of an answer, marked with its kind. A stack: "DataStack /data ext4: nvme0n1p1".
inline std::string text_of(const MountFacts& facts) {
  if (const auto* absent = std::get_if<NotMounted>(&facts)) return "NotMounted " + absent->why;
  if (const auto* refused = std::get_if<Unsupported>(&facts)) return "Unsupported " + refused->why;
  const auto& stack = std::get<DataStack>(facts);
  std::string text = "DataStack " + stack.mount + " " + stack.file_system + ":";
  for (const std::string& one : stack.members) text += " " + one;
  return text;
}

/// What stands on what: "dm-0(nvme0n1p1) nvme0n1p1/nvme0n1 nvme0n1".
inline std::string tree_of(const std::vector<BlockDevice>& devices) {
  std::string text;
  for (const BlockDevice& one : devices) {
    text += (text.empty() ? "" : " ") + one.name + (one.whole.empty() ? "" : "/" + one.whole);
    std::string slaves;
    for (const std::string& slave : one.slaves) slaves += (slaves.empty() ? "" : " ") + slave;
    if (!slaves.empty()) text += "(" + slaves + ")";
  }
  return text;
}

/// A mountinfo file in a temp folder. Its paths are below that folder, so that the machine's own
/// /data never matters.
class MountinfoFile : public testing::Test {
 protected:
  MountinfoFile() : folder_(std::filesystem::canonical(tree_.root())) {
    tree_.folder("data");
    write("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  }

  std::string data() const { return folder_ + "/data"; }
  std::string mountinfo() const { return folder_ + "/mountinfo"; }
  void write(const std::string& text) const { tree_.file("mountinfo", text); }

  /// `end`: what stands after the dash. "ext4 /dev/nvme0n1p1 rw"
  void mounted(const std::string& devnum, const std::string& end, const std::string& at) const {
    std::ofstream(mountinfo(), std::ios::app)
        << "36 1 " << devnum << " / " << at << " rw,relatime shared:1 - " << end << "\n";
  }

  std::string find(const std::string& mount_point) const {
    return text_of(MountResolver(mountinfo()).find(mount_point));
  }

  TempTree tree_;
  std::string folder_;
};

/// Adds fake block devices, in the folders that the kernel puts them in.
class FakeDisks : public MountinfoFile {
 protected:
  FakeDisks() : testbed_(umockdev_testbed_new()) {}
  void SetUp() override {
    ASSERT_TRUE(umockdev_in_mock_environment()) << "run it with umockdev-wrapper";
  }

  /// The fake /sys.
  std::filesystem::path sys() const {
    gchar* root = umockdev_testbed_get_sys_dir(testbed_.get());
    std::filesystem::path path = root;
    g_free(root);
    return path;
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
    std::filesystem::create_directories(sys() / "dev/block");
    std::filesystem::create_symlink("../.." + path, sys() / "dev/block" / to_string(devnum));
  }

  /// Minor numbers from 7000 on, so that no device of the machine is meant.
  void disk(const std::string& path, unsigned minor, const std::string& lines = "") {
    block(path, "disk", {259, minor}, lines);
  }
  void partition(const std::string& path, unsigned minor, const std::string& lines = "") {
    block(path, "partition", {259, minor}, lines);
  }
  /// Device-mapper, md and loop devices.
  void virtual_disk(const std::string& name, Devnum devnum, const std::string& lines = "") {
    block("/devices/virtual/block/" + name, "disk", devnum, lines);
  }

  /// Two NVMe disks with a partition each: nvme0n1p1 (259:7001) and nvme1n1p1 (259:7011). sysfs
  /// pads model and serial as the controller does.
  void two_nvme() {
    device(nvme0_, "nvme", "A: model=QEMU NVMe Ctrl           \nA: serial=aa         \n");
    disk(nvme0_ + "/nvme0n1", 7000, "A: nsid=1\nA: diskseq=20\nE: ID_MODEL=QEMU_NVMe_Ctrl\n");
    partition(nvme0_ + "/nvme0n1/nvme0n1p1", 7001, "A: partition=1\nA: start=2048\n");
    device(nvme1_, "nvme", "A: model=QEMU NVMe Ctrl           \nA: serial=bb         \n");
    disk(nvme1_ + "/nvme1n1", 7010, "A: nsid=1\nA: diskseq=21\n");
    partition(nvme1_ + "/nvme1n1/nvme1n1p1", 7011, "A: partition=1\nA: start=2048\n");
  }

  /// `upper`, a virtual disk, gets the link to `lower` in its slaves/.
  void stands_on(const std::string& upper, const std::string& lower) {
    const auto slaves = sys() / "devices/virtual/block" / upper / "slaves";
    std::filesystem::create_directories(slaves);
    std::filesystem::create_symlink(sys() / "class/block" / lower, slaves / lower);
  }

  /// What is on `devnum` when an ext4 of it is mounted.
  DataStack stack_on(const std::string& devnum) const {
    write("");
    mounted(devnum, "ext4 /dev/x rw", data());
    return found();
  }

  DataStack found() const {
    const MountFacts facts = MountResolver(mountinfo()).find(data());
    const auto* stack = std::get_if<DataStack>(&facts);
    if (stack != nullptr) return *stack;
    ADD_FAILURE() << text_of(facts);
    return {};
  }

  const std::string nvme0_ = "/devices/pci0000:00/0000:00:04.0/nvme/nvme0";
  const std::string nvme1_ = "/devices/pci0000:00/0000:00:05.0/nvme/nvme1";

  struct Unref {
    void operator()(UMockdevTestbed* testbed) const { g_object_unref(testbed); }
  };
  std::unique_ptr<UMockdevTestbed, Unref> testbed_;
};

}  // namespace iopslimit
