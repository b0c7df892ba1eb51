// SPDX-License-Identifier: Apache-2.0
#include "limit/dry_run.hpp"

#include <gtest/gtest.h>

#include "support/remembering_sink.hpp"

namespace iopslimit {
namespace {

TEST(DryRuns, ReadBackWhatWasPretendedAndElseTheTruth) {
  RememberingSink kernel;
  DryRun dry(kernel);
  const RulePlace place{"/kubepods/c", {259, 0}};
  kernel.rules[place] = each_way(70);
  EXPECT_EQ(dry.read(place), each_way(70));
  EXPECT_FALSE(dry.write(place, each_way(500)));
  EXPECT_EQ(dry.read(place), each_way(500));
  dry.forget(place);
  EXPECT_EQ(dry.read(place), each_way(70));
  EXPECT_TRUE(kernel.writes.empty());
  EXPECT_TRUE(kernel.forgotten.empty());
}

}  // namespace
}  // namespace iopslimit
