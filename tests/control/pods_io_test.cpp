// SPDX-License-Identifier: Apache-2.0
#include "control/pods_io.hpp"

#include <gtest/gtest.h>

namespace iopslimit::pods_io_test {
namespace {

constexpr Devnum nvme{259, 0};

/// All pods on one device, read every 250 ms.
class PodsIoTest : public testing::Test {
 protected:
  PodsIo pods;
  Moment now{1000};
  IoCount done;

  void reset(std::uint64_t total, bool fair = true) {
    Target target{.device = {.devnum = nvme}, .total_iops = total};
    target.sharing.fair_total = fair;
    pods.reset({target});
  }
  void run(double reads, double bytes, int ticks = 5) {
    for (int i = 0; i < ticks; ++i, now += Moment{250}) {
      pods.add(now, {{nvme, done}});
      done.read_ios += static_cast<std::uint64_t>(reads / 4);
      done.read_bytes += static_cast<std::uint64_t>(bytes / 4);
    }
  }
};

TEST_F(PodsIoTest, IsBusyWhereTheTotalIsNearlyUsedUp) {
  reset(800);
  run(592, 0);
  EXPECT_FALSE(pods.is_busy({}));
  run(608, 0);
  EXPECT_TRUE(pods.is_busy({}));
}

TEST_F(PodsIoTest, ATotalThatIsNotSharedMakesNobodyBusy) {
  reset(800, false);
  run(800, 0);
  EXPECT_FALSE(pods.is_busy({}));
}

TEST_F(PodsIoTest, IsBusyWhereOneOfThemCouldBeAtItsLimit) {
  reset(0);
  run(172, 1e6);
  EXPECT_TRUE(pods.is_busy({.read_iops = 200}));
  EXPECT_FALSE(pods.is_busy({.read_iops = 210}));
  EXPECT_FALSE(pods.is_busy({.write_iops = 10})) << "nobody writes";
  EXPECT_TRUE(pods.is_busy({.read_bps = 1'100'000}));
  EXPECT_FALSE(pods.is_busy({.read_bps = 1'200'000}));
  EXPECT_FALSE(pods.is_busy({})) << "there is no limit";
}

TEST_F(PodsIoTest, AFewIosAreNone) {
  reset(1000);
  run(16, 0);
  EXPECT_FALSE(pods.has_io());
  run(24, 0);
  EXPECT_TRUE(pods.has_io());
  reset(0);
  run(8, 0);
  EXPECT_FALSE(pods.has_io());
  run(12, 0);
  EXPECT_TRUE(pods.has_io());
}

TEST_F(PodsIoTest, TellsHowLongOneAtALimitWouldNeed) {
  reset(0);
  run(200, 1e6, 9);
  EXPECT_EQ(pods.time_at(400, 0, now - Moment{1250}, 0, 0), Moment{500});
  EXPECT_EQ(pods.time_at(400, 1'250'000, now - Moment{1250}, 0, 0), Moment{800});
  EXPECT_EQ(pods.time_at(100, 0, now - Moment{1250}, 0, 0), Moment{1000}) << "not longer than that";
  EXPECT_EQ(pods.time_at(0, 0, now - Moment{1250}, 0, 0), Moment{0});
  EXPECT_EQ(pods.time_at(100, 0, now - Moment{1250}, 0, 1), Moment{0});
}

TEST_F(PodsIoTest, ForgetsEveryReading) {
  reset(0);
  run(200, 0);
  pods.forget();
  EXPECT_FALSE(pods.has_io());
  run(200, 0);
  EXPECT_TRUE(pods.has_io());
}

}  // namespace
}  // namespace iopslimit::pods_io_test
