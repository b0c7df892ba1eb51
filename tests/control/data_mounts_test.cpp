// SPDX-License-Identifier: Apache-2.0
#include "control/data_mounts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "support/stacks.hpp"

namespace iopslimit::data_mounts_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Devnum nvme0{259, 0};
constexpr Devnum nvme1{259, 8};
constexpr Devnum nvme2{259, 16};

Config two_mounts() {
  Config config;
  config.more_devices["logs"] = {.mount = "/logs", .limits = {.iops = 100, .total_iops = 1000}};
  return config;
}

const NotMounted no_data{"/data is not mounted"};
const NotMounted no_logs{"/logs is not mounted"};

struct DataMountsTest : testing::Test {
  DataMounts mounts{two_mounts()};

  std::vector<std::string> scan(std::vector<MountFacts> facts,
                                std::vector<SystemMount> system_mounts = {},
                                std::map<Devnum, std::string> identities = {}) {
    for (const Target& target : mounts.targets())
      identities.try_emplace(target.device.devnum, target.device.identity);
    std::vector<std::string> announced;
    for (const Event& event :
         mounts.scan({std::move(facts), std::move(system_mounts), std::move(identities)}))
      announced.push_back(event.text);
    return announced;
  }
  std::vector<Devnum> devices() const {
    std::vector<Devnum> all;
    for (const Target& target : mounts.targets()) all.push_back(target.device.devnum);
    return all;
  }
};

std::vector<Rule> kept(const DataMounts& mounts, const std::vector<Rule>& held) {
  std::vector<Rule> rules;
  mounts.keep(held, rules);
  return rules;
}

TEST_F(DataMountsTest, EachMountHasItsDeviceLimitAndTotal) {
  EXPECT_THAT(scan({on_partition(nvme0), on_partition(nvme1, "/logs")}),
              ElementsAre("/data = ext4 on nvme0n1p1; rule on nvme0n1 (259:0)",
                          "/logs = ext4 on nvme8n1p1; rule on nvme8n1 (259:8)"));
  ASSERT_THAT(devices(), ElementsAre(nvme0, nvme1));
  const std::vector<Limit> limits{symmetric(500), symmetric(100)};
  EXPECT_EQ(mounts.targets()[0].limit(limits), symmetric(500));
  EXPECT_EQ(mounts.targets()[1].limit(limits), symmetric(100));
  EXPECT_EQ(mounts.targets()[0].total_iops, 3000U);
  EXPECT_EQ(mounts.targets()[1].total_iops, 1000U);
  EXPECT_EQ(mounts.status(),
            "/data = ext4 on nvme0n1p1; rule on nvme0n1 (259:0); "
            "/logs = ext4 on nvme8n1p1; rule on nvme8n1 (259:8)");
  EXPECT_THAT(scan({on_partition(nvme0), on_partition(nvme1, "/logs")}), IsEmpty());
}

TEST_F(DataMountsTest, SharedDiskHasTheStricterLimitAndIsAnnounced) {
  const auto announced = scan({on_partition(nvme0), on_partition(nvme0, "/logs")});
  ASSERT_THAT(announced, SizeIs(3));
  EXPECT_THAT(announced[2], HasSubstr("/data, /logs are on one device (259:0)"));
  ASSERT_THAT(devices(), ElementsAre(nvme0));
  const Limit data{.read_iops = 500, .write_iops = 50};
  EXPECT_EQ(mounts.targets()[0].limit({data, symmetric(100)}),
            (Limit{.read_iops = 100, .write_iops = 50}));
  EXPECT_EQ(mounts.targets()[0].total_iops, 1000U);
  EXPECT_THAT(scan({on_partition(nvme0), on_partition(nvme0, "/logs")}), IsEmpty());

  // /logs goes: its limit has no part in the device's any more
  EXPECT_THAT(scan({on_partition(nvme0), no_logs}), ElementsAre(no_logs.why));
  ASSERT_THAT(devices(), ElementsAre(nvme0));
  EXPECT_EQ(mounts.targets()[0].limit({data, symmetric(100)}), data);
  EXPECT_TRUE(mounts.targets()[0].mounted);
}

TEST_F(DataMountsTest, OneThatIsMissingDoesNotHoldUpTheOther) {
  EXPECT_FALSE(mounts.any_mounted());
  EXPECT_THAT(scan({no_data, on_partition(nvme1, "/logs")}), SizeIs(2));
  EXPECT_THAT(scan({no_data, on_partition(nvme1, "/logs")}), IsEmpty());
  EXPECT_THAT(devices(), ElementsAre(nvme1));
  EXPECT_TRUE(mounts.any_mounted());
  EXPECT_FALSE(mounts.all_placed());
  EXPECT_THAT(mounts.status(), HasSubstr("waiting: /data is not mounted; /logs = ext4"));
  const Rule somewhere{nvme2, symmetric(5)};
  EXPECT_THAT(kept(mounts, {somewhere, {nvme1, symmetric(5)}}), ElementsAre(somewhere))
      << "it may be the missing mount's";
  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  EXPECT_TRUE(mounts.all_placed());
  EXPECT_THAT(kept(mounts, {somewhere}), IsEmpty());
}

TEST_F(DataMountsTest, AMountThatIsGoneKeepsItsDeviceUntilItIsOnAnother) {
  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  scan({no_data, on_partition(nvme1, "/logs")});
  const Rule held{nvme0, symmetric(500)};
  EXPECT_THAT(kept(mounts, {held}), ElementsAre(held));
  EXPECT_THAT(mounts.lost(), IsEmpty());
  scan({on_partition(nvme2), on_partition(nvme1, "/logs")});
  EXPECT_THAT(devices(), ElementsAre(nvme2, nvme1));
  EXPECT_THAT(kept(mounts, {held}), IsEmpty());
  EXPECT_THAT(mounts.lost(), IsEmpty()) << "the old disk is still there: its rules are taken away";
}

TEST_F(DataMountsTest, ADiskThatIsGoneIsLostWhateverHasItsNumberNow) {
  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  scan({no_data, on_partition(nvme1, "/logs")}, {}, {{nvme0, ""}});
  EXPECT_THAT(mounts.lost(), ElementsAre(nvme0));
  EXPECT_THAT(devices(), ElementsAre(nvme1));
  EXPECT_THAT(mounts.status(), HasSubstr("waiting: /data is not mounted"));

  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  EXPECT_THAT(mounts.lost(), IsEmpty());
  DataStack another = on_partition(nvme0);
  another.devices[1].identity = "another disk";
  const auto announced =
      scan({another, on_partition(nvme1, "/logs")}, {}, {{nvme0, "another disk"}});
  EXPECT_THAT(mounts.lost(), ElementsAre(nvme0));
  EXPECT_THAT(devices(), ElementsAre(nvme0, nvme1));
  EXPECT_EQ(mounts.targets()[0].device.identity, "another disk");
  EXPECT_THAT(announced, SizeIs(1)) << "the chain again";
}

TEST_F(DataMountsTest, AMemberThatIsLostLeavesTheOthers) {
  DataStack stack = stack_of({block_device("nvme0n1", nvme0), block_device("nvme1n1", nvme1)},
                             {"nvme0n1", "nvme1n1"});
  scan({stack, no_logs});
  scan({no_data, no_logs}, {}, {{nvme1, ""}});
  EXPECT_THAT(devices(), ElementsAre(nvme0));
  EXPECT_FALSE(mounts.targets()[0].mounted);
}

TEST_F(DataMountsTest, EvenlySpreadLimitsAndTotalsAreDivided) {
  DataStack stack = stack_of({block_device("nvme0n1", nvme0), block_device("nvme1n1", nvme1)},
                             {"nvme0n1", "nvme1n1"});
  stack.profile = "raid0";
  const auto announced = scan({stack, no_logs});
  EXPECT_THAT(announced, ElementsAre(HasSubstr("rules on 259:0, 259:8"), HasSubstr("carries 1/2"),
                                     no_logs.why));
  EXPECT_EQ(mounts.targets()[1].limit({symmetric(500), {}}), symmetric(250));
  EXPECT_EQ(mounts.targets()[1].total_iops, 1500U);
}

TEST_F(DataMountsTest, RefusedMountIsAnnouncedOnce) {
  const Unsupported tmpfs{"/data is on tmpfs"};
  const DiskFacts facts{{tmpfs, no_logs}, {}, {}};
  const auto events = mounts.scan(facts);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].severity, Severity::error);
  EXPECT_EQ(events[1].severity, Severity::notice);
  EXPECT_THAT(mounts.scan(facts), IsEmpty());
}

TEST_F(DataMountsTest, SharedDisksAreWarnedOfOnceRefusedOrAllowed) {
  const std::vector<SystemMount> system_mounts{{"/", {nvme0}}, {"/var/lib/kubelet", {nvme0}}};
  const std::vector<MountFacts> facts{on_partition(nvme0), on_partition(nvme1, "/logs")};
  const auto announced = scan(facts, system_mounts);
  ASSERT_THAT(announced, SizeIs(3));
  EXPECT_THAT(announced[1], HasSubstr("the disk of /data also holds /, /var/lib/kubelet: "));
  EXPECT_THAT(announced[1], HasSubstr("[device] shared_disk = allow"));
  EXPECT_THAT(scan(facts, system_mounts), IsEmpty());

  Config config = two_mounts();
  config.device.shared_disk = SharedDisk::refuse;
  mounts.configure(config);
  EXPECT_THAT(scan(facts, system_mounts),
              ElementsAre(HasSubstr("shared_disk = refuse: nothing is limited")));
  EXPECT_THAT(mounts.status(), HasSubstr("waiting: the disk of /data also holds /"));
  EXPECT_FALSE(mounts.targets()[1].mounted) << "what is in force stays";

  config.device.shared_disk = SharedDisk::allow;
  mounts.configure(config);
  EXPECT_THAT(scan(facts, system_mounts), ElementsAre(HasSubstr("/data = ext4"))) << "no warning";
}

TEST_F(DataMountsTest, AReloadKeepsWhatIsKnownOfTheMountsThatStay) {
  scan({on_partition(nvme0), on_partition(nvme1, "/logs")});
  Config config = two_mounts();
  config.more_devices["cache"] = {.mount = "/cache"};
  config.more_devices["logs"].limits.total_iops = 70;
  mounts.configure(config);
  EXPECT_THAT(devices(), ElementsAre(nvme0, nvme1));
  EXPECT_EQ(mounts.targets()[1].total_iops, 70U);
  EXPECT_EQ(mounts.targets()[1].uses, (std::vector<Target::Use>{{.mount = 2}}));
  EXPECT_FALSE(mounts.all_placed()) << "/cache has to be looked at";

  config.more_devices.clear();
  config.device.limit_at = LimitAt::disk;
  mounts.configure(config);
  EXPECT_THAT(mounts.targets(), IsEmpty()) << "limit_at asks for another look";
}

}  // namespace
}  // namespace iopslimit::data_mounts_test
