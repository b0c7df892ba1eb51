// SPDX-License-Identifier: Apache-2.0
#include "terminal/progress.hpp"

#include <gtest/gtest.h>

#include "terminal/display.hpp"

namespace iopslimit::progress_test {
namespace {

using std::chrono::seconds;

TEST(ProgressText, FillsItsWidth) {
  EXPECT_EQ(progress_text("reads", 0.25, {}, 53),
            "reads  [##########..............................]    ");
  EXPECT_EQ(progress_text("reads", 0.5, seconds(41), 40),
            "reads  [##########..........]  41 s left");
  EXPECT_EQ(progress_text("reads", 0.5, {}, 30), "reads  [##########...........]");
}

TEST(ProgressText, GivesUpTheBarAndThenTheRest) {
  EXPECT_EQ(progress_text("reads", 0.5, seconds(41), 20), "reads  41 s left    ");
  use_utf8_locale();
  EXPECT_EQ(progress_text("reads", 0.5, seconds(41), 8), "reads  …");
  EXPECT_EQ(progress_text("reads", 0.5, seconds(41), 0), "");
}

TEST(ProgressText, StaysBetweenNothingAndAll) {
  EXPECT_EQ(progress_text("a", -1, {}, 12), "a  [.......]");
  EXPECT_EQ(progress_text("a", 7, {}, 12), "a  [#######]");
}

TEST(ProgressText, HasAWidthForEachTerminal) {
  for (std::size_t width = 0; width < 200; ++width)
    EXPECT_EQ(display_width(progress_text("sustained writes", 0.3, seconds(7), width)), width);
}

}  // namespace
}  // namespace iopslimit::progress_test
