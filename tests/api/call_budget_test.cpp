// SPDX-License-Identifier: Apache-2.0
#include "api/call_budget.hpp"

#include <gtest/gtest.h>

namespace iopslimit::call_budget_test {
namespace {

using std::chrono::seconds;

int taken(CallBudget& budget, std::uint32_t uid, CallBudget::Time now) {
  int count = 0;
  while (count < 1000 && budget.take(uid, now)) ++count;
  return count;
}

struct CallBudgetTest : testing::Test {
  CallBudget budget;
  CallBudget::Time begin{seconds(1000)};
};

TEST_F(CallBudgetTest, IsOfOneUser) {
  EXPECT_EQ(taken(budget, 1000, begin), 200);
  EXPECT_EQ(taken(budget, 1001, begin), 200);
  EXPECT_EQ(taken(budget, 1000, begin), 0);
}

TEST_F(CallBudgetTest, ComesBackWithTime) {
  taken(budget, 1000, begin);
  EXPECT_EQ(taken(budget, 1000, begin + seconds(1)), 100);
  EXPECT_EQ(taken(budget, 1000, begin + seconds(100)), 200);
}

TEST_F(CallBudgetTest, RootIsNotCounted) {
  EXPECT_EQ(taken(budget, 0, begin), 1000);
}

TEST_F(CallBudgetTest, AnswersThatTakeTimeCountMore) {
  EXPECT_TRUE(budget.take(1000, begin));
  budget.charge(1000, std::chrono::milliseconds(300));
  EXPECT_FALSE(budget.take(1000, begin + seconds(1)));
  EXPECT_TRUE(budget.take(1000, begin + seconds(2)));
}

TEST_F(CallBudgetTest, ForgetsNobodyWhoOwes) {
  taken(budget, 1000, begin);
  for (std::uint32_t uid = 2000; uid < 3000; ++uid) budget.take(uid, begin);
  EXPECT_FALSE(budget.take(1000, begin));
}

}  // namespace
}  // namespace iopslimit::call_budget_test
