// SPDX-License-Identifier: Apache-2.0
// The v2 and v1 back ends on plain files, and the v1 backend on a real blkio hierarchy where this
// machine has one.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "cgroup/control_file.hpp"
#include "cgroup/hierarchy.hpp"
#include "limit/blkio_backend.hpp"
#include "limit/io_max_backend.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::limit_files_test {
namespace {

constexpr Devnum nvme{259, 0};
constexpr Limit five_hundred{.read_iops = 500, .write_iops = 500};
const RuleKey key{"/kubepods/pod0a/c", nvme};

TEST(IoMaxBackend, WritesAndReadsBack) {
  TempTree tree;
  tree.file("/kubepods/pod0a/c/io.max");
  IoMaxBackend backend(tree.root());
  EXPECT_EQ(backend.set(key, five_hundred, {}), std::error_code());
  EXPECT_EQ(tree.text("/kubepods/pod0a/c/io.max"), "259:0 rbps=max wbps=max riops=500 wiops=500\n");
  EXPECT_EQ(backend.read(key), five_hundred);
}

TEST(IoMaxBackend, SkipsWritesOfHeldLimits) {
  TempTree tree;
  tree.file("/kubepods/pod0a/c/io.max", "untouched");
  IoMaxBackend backend(tree.root());
  EXPECT_EQ(backend.set(key, five_hundred, five_hundred), std::error_code());
  EXPECT_EQ(tree.text("/kubepods/pod0a/c/io.max"), "untouched");
}

TEST(IoMaxBackend, CreateWritesWithoutReading) {
  TempTree tree;
  tree.file("/kubepods/pod0a/c/io.max", "259:0 rbps=max wbps=max riops=500 wiops=700\n");
  IoMaxBackend backend(tree.root());
  EXPECT_EQ(backend.create(key, five_hundred), std::error_code());
  EXPECT_EQ(tree.text("/kubepods/pod0a/c/io.max"), "259:0 rbps=max wbps=max riops=500 wiops=500\n");
  EXPECT_EQ(backend.create({"/kubepods/pod0a/x", nvme}, five_hundred),
            std::error_code(ControlError::cgroup_gone));
}

TEST(IoMaxBackend, ReportsGoneCgroupsAndMissingControllers) {
  TempTree tree;
  tree.folder("/kubepods/pod0a/c");
  IoMaxBackend backend(tree.root());
  EXPECT_EQ(backend.set(key, five_hundred, {}), std::error_code(ControlError::controller_missing));
  EXPECT_EQ(backend.set({"/kubepods/pod0a/x", nvme}, five_hundred, {}),
            std::error_code(ControlError::cgroup_gone));
  EXPECT_EQ(backend.read(key), std::nullopt);
}

TEST(IoMaxBackend, ALinkIsNotFollowed) {
  TempTree tree;
  tree.file("/other");
  tree.folder("/kubepods/pod0a/c");
  std::filesystem::create_symlink(tree.at("/other"), tree.at("/kubepods/pod0a/c/io.max"));
  IoMaxBackend backend(tree.root());
  EXPECT_TRUE(backend.set(key, five_hundred, {}));
  EXPECT_EQ(tree.text("/other"), "");
}

TEST(IoMaxBackend, NoHierarchyThrows) {
  EXPECT_THROW(IoMaxBackend("/no/such/folder"), std::system_error);
}

TEST(BlkioBackend, FourFiles) {
  TempTree tree;
  const std::string throttle = "/kubepods/pod0a/c/blkio.throttle.";
  for (const char* name : {"read_iops", "write_iops", "read_bps", "write_bps"})
    tree.file(throttle + name + "_device");
  BlkioBackend backend(tree.root());
  EXPECT_EQ(backend.set(key, {.read_iops = 500, .write_iops = 300, .read_bps = 1048576}, {}),
            std::error_code());
  EXPECT_EQ(tree.text(throttle + "read_iops_device"), "259:0 500\n");
  EXPECT_EQ(tree.text(throttle + "write_iops_device"), "259:0 300\n");
  EXPECT_EQ(tree.text(throttle + "read_bps_device"), "259:0 1048576\n");
  EXPECT_EQ(tree.text(throttle + "write_bps_device"), "")
      << "unlimited on a fresh cgroup is not written";
  EXPECT_EQ(backend.read(key), (Limit{.read_iops = 500, .write_iops = 300, .read_bps = 1048576}));
}

TEST(BlkioBackend, CreateWritesOnlyValuesThatAreSet) {
  TempTree tree;
  const std::string throttle = "/kubepods/pod0a/c/blkio.throttle.";
  for (const char* name : {"read_iops", "write_iops"}) tree.file(throttle + name + "_device");
  BlkioBackend backend(tree.root());
  EXPECT_EQ(backend.create(key, five_hundred), std::error_code());
  EXPECT_EQ(tree.text(throttle + "read_iops_device"), "259:0 500\n");
  EXPECT_EQ(tree.text(throttle + "write_iops_device"), "259:0 500\n");
}

TEST(BlkioBackend, ReadsBackOnlyValuesThatAreSet) {
  TempTree tree;
  const std::string throttle = "/kubepods/pod0a/c/blkio.throttle.";
  tree.file(throttle + "read_iops_device", "259:0 500\n");
  tree.file(throttle + "write_iops_device", "259:0 400\n");
  BlkioBackend backend(tree.root());
  EXPECT_EQ(backend.read(key), std::nullopt) << "the other two files are missing";
  EXPECT_EQ(backend.read_back(key, five_hundred), (Limit{.read_iops = 500, .write_iops = 400}));
  tree.file(throttle + "read_bps_device", "259:0 1048576\n");
  EXPECT_EQ(backend.read_back(key, five_hundred), (Limit{.read_iops = 500, .write_iops = 400}))
      << "somebody else's";
  EXPECT_EQ(backend.read_back(key, {.read_iops = 500, .read_bps = 1}),
            (Limit{.read_iops = 500, .read_bps = 1048576}));
}

TEST(BlkioBackend, SetWritesOnlyValuesThatDifferFromTheHeldOnes) {
  TempTree tree;
  const std::string throttle = "/kubepods/pod0a/c/blkio.throttle.";
  tree.file(throttle + "write_iops_device", "259:0 500\n");
  BlkioBackend backend(tree.root());
  EXPECT_EQ(backend.set(key, {.read_iops = 500, .write_iops = 300}, five_hundred),
            std::error_code());
  EXPECT_EQ(tree.text(throttle + "write_iops_device"), "259:0 300\n");
}

TEST(ControlFiles, AnotherPodOfTheSameNameIsNotTakenForTheOldOne) {
  TempTree tree;
  tree.file("/kubepods/pod0a/c/io.max", "old");
  ControlFiles files(tree.root());
  EXPECT_EQ(files.open("/kubepods/pod0a/c", "io.max").error(), std::error_code());
  std::filesystem::rename(tree.at("/kubepods/pod0a"), tree.at("/kubepods/pod0b"));
  EXPECT_EQ(files.open("/kubepods/pod0a/d", "io.max").error(),
            std::error_code(ControlError::cgroup_gone));
  tree.file("/kubepods/pod0a/d/io.max", "new");
  const auto file = files.open("/kubepods/pod0a/d", "io.max");
  ASSERT_TRUE(file) << file.error().message();
  std::string text;
  EXPECT_EQ(read_limit_file(file->fd(), text), std::error_code());
  EXPECT_EQ(text, "new");
}

TEST(ControlFiles, ThoseOfTheRoot) {
  TempTree tree;
  tree.file("/kubepods/io.max");
  ControlFiles files(tree.root());
  EXPECT_EQ(files.open("/kubepods", "io.max").error(), std::error_code());
  EXPECT_EQ(files.open("/kubepods", "io.max").error(), std::error_code());
  EXPECT_EQ(files.open("/system.slice", "io.max").error(),
            std::error_code(ControlError::cgroup_gone));
}

/// A cgroup of our own below the machine's blkio mount.
class RealBlkio : public testing::Test {
 protected:
  void SetUp() override {
    try {
      root_ = find_hierarchy(CgroupVersion::v1).root;
    } catch (const std::exception& error) {
      GTEST_SKIP() << "no v1 blkio hierarchy on this machine: " << error.what();
    }
    cgroup_ = "/iops-limitd-test-" + std::to_string(getpid());
    std::error_code error;
    std::filesystem::create_directory(root_ + cgroup_, error);
    if (error) GTEST_SKIP() << "cannot make a cgroup below " << root_ << ": " << error.message();
    for (const auto& entry : std::filesystem::directory_iterator("/sys/block")) {
      if (!entry.path().filename().string().starts_with("loop")) continue;
      std::ifstream text(entry.path() / "dev");
      std::string devnum;
      text >> devnum;
      device_ = *parse_devnum(devnum);
    }
    if (device_ == Devnum{}) GTEST_SKIP() << "no loop device on this machine";
  }
  void TearDown() override {
    if (!cgroup_.empty()) rmdir((root_ + cgroup_).c_str());
  }

  std::string root_;
  std::string cgroup_;
  Devnum device_;
};

TEST_F(RealBlkio, TheKernelHoldsWhatWasWritten) {
  BlkioBackend backend(root_);
  const Limit limit{
      .read_iops = 500, .write_iops = max_iops, .read_bps = 1048576, .write_bps = 2048};
  EXPECT_EQ(backend.set({cgroup_, device_}, limit, {}), std::error_code());
  EXPECT_EQ(backend.read({cgroup_, device_}), limit);
  EXPECT_EQ(backend.set({cgroup_, device_}, {.read_iops = 400}, limit), std::error_code());
  EXPECT_EQ(backend.read({cgroup_, device_}), (Limit{.read_iops = 400}));
  EXPECT_EQ(backend.set({cgroup_, device_}, {}, {.read_iops = 400}), std::error_code());
  EXPECT_EQ(backend.read({cgroup_, device_}), Limit{});
}

TEST_F(RealBlkio, DifferentStoredValueIsNotHeld) {
  BlkioBackend backend(root_);
  // 32 bits, unchecked: the kernel takes this and stores 0.
  EXPECT_EQ(backend.set({cgroup_, device_}, {.read_iops = 4294967296}, {}),
            std::error_code(ControlError::not_held));
}

TEST_F(RealBlkio, AnUnknownDeviceIsRefused) {
  BlkioBackend backend(root_);
  EXPECT_EQ(backend.set({cgroup_, {4000, 4000}}, five_hundred, {}),
            std::error_code(ControlError::device_refused));
}

TEST_F(RealBlkio, ARemovedCgroupIsGone) {
  BlkioBackend backend(root_);
  ASSERT_EQ(rmdir((root_ + cgroup_).c_str()), 0);
  EXPECT_EQ(backend.set({cgroup_, device_}, five_hundred, {}),
            std::error_code(ControlError::cgroup_gone));
  EXPECT_EQ(backend.read({cgroup_, device_}), std::nullopt);
}

// A static pod keeps its name.
TEST_F(RealBlkio, AParentThatCameAgainIsTheNewOne) {
  BlkioBackend backend(root_);
  const std::string container = cgroup_ + "/c";
  for (int times = 0; times < 2; ++times) {
    std::filesystem::create_directories(root_ + container);
    EXPECT_EQ(backend.create({container, device_}, five_hundred), std::error_code());
    EXPECT_EQ(backend.read({container, device_}), five_hundred);
    ASSERT_EQ(rmdir((root_ + container).c_str()), 0);
    ASSERT_EQ(rmdir((root_ + cgroup_).c_str()), 0);
  }
}

// Between opening and reading: half of a burst of ending containers is seen so.
TEST_F(RealBlkio, ACgroupRemovedUnderAnOpenFileIsGone) {
  ControlFiles files(root_);
  std::string text;
  const auto file = files.open(cgroup_, "blkio.throttle.read_iops_device");
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_FALSE(read_limit_file(file->fd(), text));
  ASSERT_EQ(rmdir((root_ + cgroup_).c_str()), 0);
  EXPECT_EQ(read_limit_file(file->fd(), text), std::error_code(ControlError::cgroup_gone));
  EXPECT_EQ(write_line(file->fd(), "7:0 500"), std::error_code(ControlError::cgroup_gone));
}

}  // namespace
}  // namespace iopslimit::limit_files_test
