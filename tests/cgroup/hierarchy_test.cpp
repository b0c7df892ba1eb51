// SPDX-License-Identifier: Apache-2.0
#include "cgroup/hierarchy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/temp_tree.hpp"

namespace iopslimit::hierarchy_test {
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

// A machine's mountinfo, with folders in the place of its hierarchies. The lines name the mount
// points without the folder of the test.
struct ChoiceRow {
  const char* name;
  std::vector<const char*> lines;
  std::string chosen;  // "v2 /sys/fs/cgroup"; else a part of the error
};

// For the test's name; the default is its bytes, addresses and all.
void PrintTo(const ChoiceRow& row, std::ostream* out) {
  *out << row.name;
}

class MountChoice : public testing::TestWithParam<ChoiceRow> {};

const char* const root = "1 0 259:2 / / rw - ext4 /dev/root rw";
const char* const sys = "24 1 0:22 / /sys rw - sysfs sysfs rw";
const char* const whole = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw";
const char* const tmp = "30 24 0:25 / /sys/fs/cgroup rw shared:4 - tmpfs tmpfs ro,mode=755";
const char* const blkio = "34 30 0:31 / /sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio";
const char* const cilium = "20 1 0:26 / /run/cilium/cgroupv2 rw shared:9 - cgroup2 none rw";

INSTANTIATE_TEST_SUITE_P(
    Hierarchy, MountChoice,
    testing::Values(
        ChoiceRow{"CiliumBefore", {root, cilium, sys, whole}, "v2 /sys/fs/cgroup"},
        ChoiceRow{"CalicoBefore",
                  {root, "20 1 0:26 / /run/calico/cgroup rw - cgroup2 none rw", sys, whole},
                  "v2 /sys/fs/cgroup"},
        ChoiceRow{"CiliumAlone", {root, cilium, sys}, "v2 /run/cilium/cgroupv2"},
        ChoiceRow{"CiliumBesideACoveredOne",
                  {root, cilium, sys, whole, "90 30 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw"},
                  "v2 /run/cilium/cgroupv2"},
        ChoiceRow{"PartBefore",
                  {root, "20 1 0:26 /kubepods.slice/x.scope /run/part rw - cgroup2 cgroup2 rw", sys,
                   whole},
                  "v2 /sys/fs/cgroup"},
        ChoiceRow{
            "OnlyAPart",
            {root, sys, "30 24 0:26 /kubepods.slice/x.scope /sys/fs/cgroup ro - cgroup2 c rw"},
            "/sys/fs/cgroup shows only /kubepods.slice/x.scope, a part of the hierarchy"},
        ChoiceRow{"PartWithAnOddName",
                  {root, sys, R"(30 24 0:26 /my\040pods/\134x /sys/fs/cgroup rw - cgroup2 c rw)"},
                  R"(/sys/fs/cgroup shows only /my pods/\x, a part)"},
        ChoiceRow{"PartAboveTheNamespaceAndDownAgain",
                  {root, sys, "30 24 0:26 /../other /sys/fs/cgroup rw - cgroup2 c rw"},
                  "shows only /../other"},
        ChoiceRow{"PartWhoseNameStartsWithDots",
                  {root, sys, "30 24 0:26 /..data /sys/fs/cgroup rw - cgroup2 c rw"},
                  "shows only /..data"},
        ChoiceRow{"PartThatIsDeleted",
                  {root, sys, "30 24 0:26 /a//deleted /sys/fs/cgroup rw - cgroup2 c rw"},
                  "shows only /a//deleted"},
        ChoiceRow{"Covered",
                  {root, sys, whole, "90 30 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw"},
                  "something is mounted over /sys/fs/cgroup"},
        ChoiceRow{"CoveredAtAFolderAbove",
                  {root, sys, whole, "90 24 0:50 / /sys/fs rw - tmpfs tmpfs rw"},
                  "something is mounted over /sys/fs/cgroup"},
        ChoiceRow{"CoveredAtSys",
                  {root, "90 24 0:50 / /sys rw - tmpfs tmpfs rw", sys, whole},
                  "something is mounted over /sys/fs/cgroup"},
        ChoiceRow{"CoveredByItself",
                  {root, sys, whole, "90 30 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"},
                  "v2 /sys/fs/cgroup"},
        ChoiceRow{"CoveredByAPartOfItself",
                  {root, sys, whole, "90 30 0:26 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw"},
                  "something is mounted over /sys/fs/cgroup; /sys/fs/cgroup shows only /a"},
        ChoiceRow{"NeighboursDoNotCover",
                  {root, sys, whole, "90 24 0:50 / /sys/fs/cgroupx rw - tmpfs tmpfs rw",
                   "91 30 0:51 / /sys/fs/cgroup/deep rw - tmpfs tmpfs rw"},
                  "v2 /sys/fs/cgroup"},
        ChoiceRow{
            "HostSeenFromAContainer",
            {"900 800 0:70 / / ro - overlay overlay ro", "901 900 0:71 / /sys ro - sysfs s ro",
             "902 901 0:26 / /sys/own ro - cgroup2 cgroup ro",
             "903 901 0:26 /../../../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw"},
            "v2 /sys/fs/cgroup"},
        ChoiceRow{"HostElsewhereInAContainer",
                  {"900 800 0:70 / / ro - overlay overlay ro",
                   "902 900 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup ro",
                   "903 900 0:26 /../.. /node/sys/fs/cgroup rw - cgroup2 cgroup2 rw"},
                  "v2 /node/sys/fs/cgroup"},
        ChoiceRow{"V1HostElsewhereInAContainer",
                  {"900 800 0:70 / / ro - overlay overlay ro",
                   "902 900 0:31 / /sys/fs/cgroup/blkio ro - cgroup cgroup ro,blkio",
                   "903 900 0:31 /../../.. /node/sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio"},
                  "v1 /node/sys/fs/cgroup/blkio"},
        ChoiceRow{"V1PartOfItsOwnBesideTheHosts",
                  {"900 800 0:70 / / ro - overlay overlay ro",
                   "902 900 0:31 /kubepods/x /sys/fs/cgroup/blkio ro - cgroup cgroup ro,blkio",
                   "903 900 0:31 / /node/sys/fs/cgroup/blkio rw - cgroup cgroup rw,blkio"},
                  "v1 /node/sys/fs/cgroup/blkio"},
        ChoiceRow{"ThreeOfAgentsBeforeAndAfter",
                  {root, cilium, "21 1 0:26 / /run/calico/cgroup rw - cgroup2 none rw", sys, whole,
                   R"(91 1 0:26 / /var/lib/a\040b\011c rw - cgroup2 none rw)"},
                  "v2 /sys/fs/cgroup"},
        ChoiceRow{
            "PartsWithOtherNamesBeside",
            {root, R"(20 1 0:26 /a\040b /run/x rw - cgroup2 c rw)", sys, whole,
             "91 30 0:26 /kubepods.slice /sys/fs/cgroup/kubepods.slice rw - cgroup2 cgroup2 rw"},
            "v2 /sys/fs/cgroup"},
        ChoiceRow{
            "NodeThatIsAContainer",
            {"900 800 0:70 / / rw - overlay overlay rw", "901 900 0:71 / /sys ro - sysfs s ro",
             "902 901 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw"},
            "v2 /sys/fs/cgroup"},
        ChoiceRow{"ReadOnly",
                  {root, sys, "30 24 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 ro"},
                  "v2 /sys/fs/cgroup"},
        ChoiceRow{"V1", {root, sys, tmp, blkio}, "v1 /sys/fs/cgroup/blkio"},
        ChoiceRow{
            "V1AgentBefore",
            {root, "20 1 0:31 / /run/agent/blkio rw - cgroup cgroup rw,blkio", sys, tmp, blkio},
            "v1 /sys/fs/cgroup/blkio"},
        ChoiceRow{
            "V1PartBefore",
            {root, "20 1 0:31 /docker/x /var/lib/x rw - cgroup cgroup rw,blkio", sys, tmp, blkio},
            "v1 /sys/fs/cgroup/blkio"},
        ChoiceRow{
            "V1OnlyAPart",
            {root, sys, tmp, "34 30 0:31 /docker/x /sys/fs/cgroup/blkio rw - cgroup c rw,blkio"},
            "/sys/fs/cgroup/blkio shows only /docker/x"},
        ChoiceRow{"V1CoveredAtAFolderAbove",
                  {root, sys, tmp, blkio, "90 30 0:50 / /sys/fs/cgroup rw - tmpfs tmpfs rw"},
                  "something is mounted over /sys/fs/cgroup/blkio"},
        ChoiceRow{"V1Comounted",
                  {root, sys, tmp, "33 30 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu",
                   R"(34 30 0:31 / /sys/fs/cgroup/blkio,misc rw - cgroup cgroup rw,blkio,misc)"},
                  "v1 /sys/fs/cgroup/blkio,misc"},
        ChoiceRow{"V1Named",
                  {root, sys, tmp, "33 30 0:30 / /sys/fs/cgroup/x rw - cgroup c rw,name=blkio"},
                  "cannot limit disk I/O"},
        ChoiceRow{
            "HybridWithoutIo",
            {root, sys, tmp, "33 30 0:30 / /sys/fs/cgroup/bare rw - cgroup2 cgroup2 rw", blkio},
            "v1 /sys/fs/cgroup/blkio"},
        ChoiceRow{
            "HybridAndAnAgent",
            {root, cilium, sys, tmp, "33 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"},
            "v2 /sys/fs/cgroup/unified"}),
    [](const auto& row) { return row.param.name; });

TEST_P(MountChoice, IsTheWholeHierarchyThatNothingCovers) {
  const TempTree tree;
  std::string text;
  for (const std::string line : GetParam().lines) {
    std::size_t at = 0;
    for (int field = 0; field < 4; ++field) at = line.find(' ', at) + 1;
    const std::string mount_point = line.substr(at, line.find(' ', at) - at);
    if (line.find("cgroup2") != std::string::npos)
      tree.file(mount_point + "/cgroup.controllers",
                mount_point.ends_with("bare") ? "hugetlb\n" : "cpu io memory\n");
    text += line.substr(0, at) + tree.at(mount_point) + line.substr(at + mount_point.size()) + "\n";
  }
  tree.file("/mountinfo", text);
  std::string found;
  try {
    const Hierarchy tree_found =
        find_hierarchy(CgroupVersion::automatic, tree.at("/mountinfo"), tree.at("/sys/fs/cgroup"));
    found = tree_found.version == CgroupVersion::v2 ? "v2 " : "v1 ";
    found += tree_found.root.substr(tree.root().size());
    EXPECT_EQ(found, GetParam().chosen);
  } catch (const std::runtime_error& error) {
    std::string said = error.what();
    for (std::size_t at = 0; (at = said.find(tree.root(), at)) != std::string::npos;)
      said.erase(at, tree.root().size());
    EXPECT_THAT(said, testing::HasSubstr(GetParam().chosen));
  }
}

TEST(HeldHierarchy, GoesThroughTheDescriptorAndSaysWhenThePathLeadsElsewhere) {
  const TempTree tree;
  tree.folder("/cg/kubepods");
  const HeldHierarchy held({CgroupVersion::v2, tree.at("/cg")});
  EXPECT_EQ(held.mounted().root, tree.at("/cg"));
  EXPECT_EQ(held.problem(), "");
  std::filesystem::rename(tree.at("/cg"), tree.at("/aside"));
  EXPECT_THAT(held.problem(), testing::HasSubstr(tree.at("/cg") + " cannot be looked up"));
  tree.folder("/cg");
  EXPECT_THAT(held.problem(), testing::HasSubstr("no longer leads to the cgroup hierarchy"));
  EXPECT_TRUE(std::filesystem::exists(held.reached().root + "/kubepods"));
  std::filesystem::remove(tree.at("/cg"));
  std::filesystem::rename(tree.at("/aside"), tree.at("/cg"));
  EXPECT_EQ(held.problem(), "");
}

TEST(HeldHierarchy, RefusesARootThatIsNotThere) {
  EXPECT_THROW(HeldHierarchy({CgroupVersion::v2, "/no/such/root"}), std::system_error);
  EXPECT_EQ(to_string(Hierarchy{CgroupVersion::v1, "/x"}), "cgroup v1 at /x");
}

}  // namespace
}  // namespace iopslimit::hierarchy_test
