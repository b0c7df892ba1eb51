// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_meter.hpp"

#include <gmock/gmock.h>

#include "cgroup/pressure_trigger.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::io_meter_test {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::Pair;

constexpr Devnum nvme{259, 0};

TEST(IoMeter, ReadsIoStatThroughTheSameFile) {
  const TempTree tree;
  tree.file("/kubepods/a/io.stat", "259:0 rbytes=4096 wbytes=0 rios=1 wios=2\n");
  IoMeter meter({CgroupVersion::v2, tree.root()});
  const auto one = [](std::uint64_t reads) {
    return Optional(
        ElementsAre(Pair(nvme, IoCount{.read_ios = reads, .write_ios = 2, .read_bytes = 4096})));
  };
  EXPECT_THAT(meter.counts("/kubepods/a"), one(1));
  tree.file("/kubepods/a/io.stat", "259:0 rbytes=4096 wbytes=0 rios=5 wios=2\n");
  EXPECT_THAT(meter.counts("/kubepods/a"), one(5));
  EXPECT_EQ(meter.kept(), 1U);
  meter.forget("/kubepods/a");
  EXPECT_EQ(meter.kept(), 0U);
}

TEST(IoMeter, ReadsIosAndBytesOfV1) {
  const TempTree tree;
  tree.file("/kubepods/blkio.throttle.io_serviced", "259:0 Read 3\n259:0 Write 1\nTotal 4\n");
  tree.file("/kubepods/blkio.throttle.io_service_bytes", "259:0 Read 12288\n259:0 Write 9\n");
  tree.file("/kubepods/blkio.throttle.io_serviced_recursive", "259:0 Read 70\n259:0 Write 80\n");
  tree.file("/kubepods/blkio.throttle.io_service_bytes_recursive", "259:0 Read 7000\n");
  IoMeter meter({CgroupVersion::v1, tree.root()});
  EXPECT_THAT(meter.counts("/kubepods"),
              Optional(ElementsAre(Pair(nvme, IoCount{3, 1, 12288, 9}))));
  meter.forget_all();
  EXPECT_THAT(meter.with_children("/kubepods"),
              Optional(ElementsAre(Pair(nvme, IoCount{70, 80, 7000, 0}))));
}

TEST(IoMeter, ACgroupThatIsGoneHasNoCounts) {
  const TempTree tree;
  IoMeter meter({CgroupVersion::v2, tree.root()});
  EXPECT_EQ(meter.counts("/kubepods/none"), std::nullopt);
  EXPECT_EQ(meter.kept(), 0U);
}

TEST(IoMeter, KeepsNoMoreFilesThanItMay) {
  const TempTree tree;
  IoMeter meter({CgroupVersion::v2, tree.root()});
  for (std::size_t i = 0; i < IoMeter::most_kept + 10; ++i) {
    const std::string cgroup = "/c" + std::to_string(i);
    tree.file(cgroup + "/io.stat", "259:0 rios=1\n");
    EXPECT_TRUE(meter.counts(cgroup));
  }
  EXPECT_EQ(meter.kept(), IoMeter::most_kept);
}

TEST(PressureTrigger, WritesTheTriggerOnV2Alone) {
  const TempTree tree;
  tree.file("/kubepods/io.pressure");
  const PressureTrigger trigger({CgroupVersion::v2, tree.root()}, "/kubepods");
  EXPECT_GE(trigger.fd(), 0);
  EXPECT_EQ(tree.text("/kubepods/io.pressure"), std::string("some 10000 2000000\0", 19));
  EXPECT_EQ(PressureTrigger({CgroupVersion::v1, tree.root()}, "/kubepods").fd(), -1);
  EXPECT_EQ(PressureTrigger({CgroupVersion::v2, tree.root()}, "/none").fd(), -1)
      << "the kernel does not measure pressure";
}

}  // namespace
}  // namespace iopslimit::io_meter_test
