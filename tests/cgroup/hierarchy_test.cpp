// SPDX-License-Identifier: Apache-2.0
#include "cgroup/hierarchy.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "support/temp_tree.hpp"

namespace iopslimit {
namespace {

struct HierarchyTest : testing::Test {
  TempTree tree;
  std::string mounts;

  void v2(const std::string& at, const std::string& controllers) {
    tree.file(at + "/cgroup.controllers", controllers);
    mounts +=
        "30 23 0:26 / " + tree.at(at) + " rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
  }
  void v1(const std::string& at, const std::string& controllers) {
    mounts += "31 23 0:27 / " + tree.at(at) + " rw,nosuid shared:5 - cgroup cgroup rw," +
              controllers + "\n";
  }
  Hierarchy find(CgroupVersion wanted = CgroupVersion::automatic) {
    tree.file("/mountinfo", mounts);
    return find_hierarchy(wanted, tree.at("/mountinfo"));
  }
};

TEST_F(HierarchyTest, Unified) {
  v2("/cg", "cpuset cpu io memory hugetlb pids rdma misc\n");
  EXPECT_EQ(find().version, CgroupVersion::v2);
  EXPECT_EQ(find().root, tree.at("/cg"));
  EXPECT_THROW(find(CgroupVersion::v1), std::runtime_error);
}

TEST_F(HierarchyTest, Legacy) {
  v1("/cg/cpu", "cpu,cpuacct");
  v1("/cg/blkio", "blkio");
  EXPECT_EQ(find().version, CgroupVersion::v1);
  EXPECT_EQ(find().root, tree.at("/cg/blkio"));
  EXPECT_THROW(find(CgroupVersion::v2), std::runtime_error);
}

TEST_F(HierarchyTest, HybridIsV1BecauseTheControllerIsThere) {
  v2("/cg/unified", "\n");
  v1("/cg/blkio", "blkio");
  EXPECT_EQ(find().version, CgroupVersion::v1);
}

TEST_F(HierarchyTest, OverrideOfAMachineWithBoth) {
  v2("/cg/unified", "io\n");
  v1("/cg/blkio", "blkio");
  EXPECT_EQ(find().version, CgroupVersion::v2);
  EXPECT_EQ(find(CgroupVersion::v1).version, CgroupVersion::v1);
}

TEST_F(HierarchyTest, NamesThatOnlyContainTheWordDoNotCount) {
  v2("/cg", "iox radio\n");
  v1("/cg/x", "noblkio");
  EXPECT_THROW(find(), std::runtime_error);
}

TEST_F(HierarchyTest, NothingMountedIsAnErrorWithAdvice) {
  try {
    find();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("cannot limit disk I/O"), std::string::npos);
  }
  EXPECT_THROW(find_hierarchy(CgroupVersion::automatic, "/no/such/mountinfo"), std::system_error);
}

}  // namespace
}  // namespace iopslimit
