// SPDX-License-Identifier: Apache-2.0
#include "policy/pauses.hpp"

#include <gtest/gtest.h>

namespace iopslimit::pauses_test {
namespace {

ContainerPath path(const std::string& cgroup, const std::string& pod_uid) {
  ContainerPath path;
  path.cgroup = cgroup;
  path.pod_uid = pod_uid;
  return path;
}

TEST(Pauses, TheLaterOfTheContainersAndItsPodsCounts) {
  Pauses pauses;
  EXPECT_FALSE(pauses.until(path("/c", "uid")));
  pauses.set("/c", 100);
  EXPECT_EQ(pauses.until(path("/c", "uid")), 100U);
  pauses.set("uid", 200);
  EXPECT_EQ(pauses.until(path("/c", "uid")), 200U);
  EXPECT_EQ(pauses.until(path("/other", "uid")), 200U);
  EXPECT_FALSE(pauses.until(path("/other", "")));
}

TEST(Pauses, EndAtTheirTime) {
  Pauses pauses;
  pauses.set("/c", 100);
  pauses.set("/d", 200);
  EXPECT_EQ(pauses.next_end(), 100U);
  EXPECT_FALSE(pauses.end(99));
  EXPECT_TRUE(pauses.end(100));
  EXPECT_EQ(pauses.next_end(), 200U);
  EXPECT_TRUE(pauses.lift("/d"));
  EXPECT_FALSE(pauses.lift("/d"));
  EXPECT_EQ(pauses.next_end(), std::nullopt);
}

TEST(Pauses, TextComesBack) {
  Pauses pauses;
  pauses.set("/c with blank", 100);
  pauses.set("uid", 86401);
  EXPECT_EQ(Pauses::from_text(pauses.text(), 1), pauses);
  EXPECT_EQ(pauses.text(), "100 /c with blank\n86401 uid\n");
}

TEST(Pauses, DropsEndedForeignAndCutPauses) {
  EXPECT_TRUE(Pauses::from_text("100 /c\n", 100).empty());
  EXPECT_TRUE(Pauses::from_text("90000 /c\n", 3599).empty());
  EXPECT_FALSE(Pauses::from_text("90000 /c\n", 3600).empty());
  for (const char* text :
       {"", "\n", "100", "100 /c", "x /c\n", "100\n", "100 \n", "-5 /c\n", "100x/c\n"})
    EXPECT_TRUE(Pauses::from_text(text, 1).empty()) << text;
}

TEST(Pauses, Spans) {
  using std::chrono::seconds;
  EXPECT_EQ(parse_span("90"), seconds(90));
  EXPECT_EQ(parse_span("90s"), seconds(90));
  EXPECT_EQ(parse_span("10m"), seconds(600));
  EXPECT_EQ(parse_span("10min"), seconds(600));
  EXPECT_EQ(parse_span("2h"), seconds(7200));
  EXPECT_EQ(parse_span("8784h"), seconds(8784 * 3600)) << "a year";
  for (const char* text :
       {"", "0", "m", "-1", "10 m", "1h30m", "18446744073709551615h", "10d", "8785h"})
    EXPECT_EQ(parse_span(text), std::nullopt) << text;
  EXPECT_EQ(to_text(seconds(600)), "10 min");
  EXPECT_EQ(to_text(seconds(5400)), "1 h 30 min");
  EXPECT_EQ(to_text(seconds(86400)), "24 h");
  EXPECT_EQ(to_text(seconds(61)), "1 min 1 s");
  EXPECT_EQ(to_text(seconds(0)), "0 s");
}

}  // namespace
}  // namespace iopslimit::pauses_test
