// SPDX-License-Identifier: Apache-2.0
#include "share/time_at_limit.hpp"

#include <gtest/gtest.h>

namespace iopslimit::time_at_limit_test {
namespace {

constexpr std::size_t reads = 0;
constexpr std::size_t writes = 1;
constexpr Moment hour = std::chrono::hours(1);

TEST(TimeAtLimit, CountsEachMomentOnce) {
  TimeAtLimit time;
  time.add(reads, Moment{1000}, Moment{2000});
  time.add(reads, Moment{1250}, Moment{2250});  // the next judgement, a tick later
  time.add(reads, Moment{1500}, Moment{2000});  // of another device
  EXPECT_EQ(time.total(reads), Moment{1250});
  EXPECT_EQ(time.total(writes), Moment{0});
}

TEST(TimeAtLimit, ADayHasBothDirectionsOnce) {
  TimeAtLimit time;
  time.add(reads, Moment{1000}, Moment{2000});
  time.add(writes, Moment{1500}, Moment{3000});
  EXPECT_EQ(time.total(writes), Moment{1500});
  EXPECT_EQ(time.day(Moment{3000}), Moment{2000});
}

TEST(TimeAtLimit, ADayForgetsWhatIsOlder) {
  TimeAtLimit time;
  time.add(reads, hour - Moment{500}, hour);
  time.add(reads, 10 * hour, 10 * hour + Moment{2000});
  EXPECT_EQ(time.day(24 * hour), Moment{2500});
  EXPECT_EQ(time.day(25 * hour), Moment{2000});
  EXPECT_EQ(time.day(33 * hour), Moment{2000});
  EXPECT_EQ(time.day(34 * hour), Moment{0});
  time.add(reads, 100 * hour, 100 * hour + Moment{300});
  EXPECT_EQ(time.day(100 * hour), Moment{300});
  EXPECT_EQ(time.total(reads), Moment{2800});
}

TEST(TimeAtLimit, ADayIsTheSumOfItsHoursWhereverItBegins) {
  TimeAtLimit time;
  for (int i = 0; i < 60; ++i) {
    const Moment now = i * hour + Moment{1000};
    time.add(reads, now - Moment{1000}, now);
    EXPECT_EQ(time.day(now), Moment{1000} * std::min(i + 1, 24)) << i;
  }
}

}  // namespace
}  // namespace iopslimit::time_at_limit_test
