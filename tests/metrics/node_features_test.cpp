// SPDX-License-Identifier: Apache-2.0
#include "metrics/node_features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/sample_snapshot.hpp"

namespace iopslimit::node_features_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string heading =
    "# Written by iops-limitd ([service] features) for node-feature-discovery.\n";

std::string features(const Snapshot& snapshot, const std::string& model = "QEMU NVMe Ctrl") {
  return node_features(snapshot, [&](Devnum) { return model; });
}

TEST(NodeFeatures, EachMountThatCarriesLimits) {
  Snapshot snapshot = sample_snapshot();
  snapshot.devices[0].used = {.read_iops = 1000, .write_iops = 900};
  EXPECT_EQ(features(snapshot), heading +
                                    "# +no-label\niopslimit.org/total-iops=3000\n"
                                    "# +no-label\niopslimit.org/limits-read-iops=1000\n"
                                    "# +no-label\niopslimit.org/limits-write-iops=900\n"
                                    "# +no-label\niopslimit.org/model=QEMU_NVMe_Ctrl\n");
  snapshot.devices[1].state = DeviceState::limited;
  snapshot.devices[1].devices = {{259, 1}};
  EXPECT_THAT(features(snapshot), HasSubstr("\niopslimit.org/logs.limits-read-iops=0\n"));
  EXPECT_THAT(features(snapshot), Not(HasSubstr("iopslimit.org/logs.total-iops")));
}

TEST(NodeFeatures, NoneWhileNoLimitIsInForce) {
  Snapshot dry = sample_snapshot();
  dry.dry_run = true;
  EXPECT_EQ(features(dry), heading);
  Snapshot cleared = sample_snapshot();
  cleared.cleared = true;
  EXPECT_EQ(features(cleared), heading);
  Snapshot waiting = sample_snapshot();
  waiting.devices[0].state = DeviceState::waiting;
  EXPECT_EQ(features(waiting), heading);
}

TEST(NodeFeatures, AModelIsAValueOfALabel) {
  const auto model = [](const std::string& text) {
    const std::string all = features(sample_snapshot(), text);
    const std::size_t at = all.find("/model=");
    return at == std::string::npos ? "" : all.substr(at + 7, all.size() - at - 8);
  };
  EXPECT_EQ(model(" (Disk) A-1.0\n=x+"), "Disk__A-1.0__x");
  EXPECT_EQ(model(std::string(62, 'a') + "--b"), std::string(62, 'a'));
  EXPECT_EQ(model("+-."), "");
  EXPECT_EQ(model(""), "");
}

}  // namespace
}  // namespace iopslimit::node_features_test
