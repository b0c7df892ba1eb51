// SPDX-License-Identifier: Apache-2.0
#include "limit/dry_run.hpp"

#include <gtest/gtest.h>

#include "support/recording_backend.hpp"

namespace iopslimit::dry_run_test {
namespace {

TEST(DryRuns, ReadBackWhatWasPretendedAndElseTheTruth) {
  RecordingBackend kernel;
  DryRun dry(kernel);
  const RuleKey key{"/kubepods/c", {259, 0}};
  kernel.rules[key] = symmetric(70);
  EXPECT_EQ(dry.read(key), symmetric(70));
  EXPECT_FALSE(dry.set(key, symmetric(500), {}));
  EXPECT_EQ(dry.read(key), symmetric(500));
  dry.drop(key);
  EXPECT_EQ(dry.read(key), symmetric(70));
  EXPECT_TRUE(kernel.writes.empty());
  EXPECT_TRUE(kernel.forgotten.empty());
}

}  // namespace
}  // namespace iopslimit::dry_run_test
