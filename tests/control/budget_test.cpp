// SPDX-License-Identifier: Apache-2.0
#include "control/budget.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace iopslimit::budget_test {
namespace {

constexpr Limit five_hundred{.read_iops = 500, .write_iops = 500};

Budget budget_of(std::uint64_t total, const std::vector<Limit>& requests) {
  Budget budget(total);
  for (const Limit& request : requests) budget.add(request);
  return budget;
}

struct ShareRow {
  const char* what;
  std::uint64_t total;
  std::vector<Limit> requests;
  std::vector<std::uint64_t> read_shares;
};

TEST(Budget, TheTotalIsDividedInProportion) {
  const ShareRow rows[] = {
      {"room for all", 3000, {five_hundred, five_hundred}, {500, 500}},
      {"exactly full", 1000, {five_hundred, five_hundred}, {500, 500}},
      {"ten times 500 in 3000", 3000, std::vector<Limit>(10, five_hundred),
       std::vector<std::uint64_t>(10, 300)},
      {"unequal wishes", 900, {{.read_iops = 1000}, {.read_iops = 500}}, {578, 321}},
      {"no total", 0, std::vector<Limit>(10, five_hundred), std::vector<std::uint64_t>(10, 500)},
      {"one container above the total", 100, {five_hundred}, {100}},
      {"unlimited alone gets the total", 3000, {{}}, {3000}},
      {"unlimited beside a limited one", 3000, {{}, five_hundred}, {2571, 428}},
      {"no total, unlimited stays so", 0, {{}, five_hundred}, {0, 500}},
      {"a thousand: the floor", 3000, std::vector<Limit>(1000, five_hundred),
       std::vector<std::uint64_t>(1000, 10)},
      {"a wish below the floor is kept", 5, {{.read_iops = 4}, {.read_iops = 4}}, {4, 4}},
      {"the largest values",
       max_iops,
       {{.read_iops = max_iops}, {.read_iops = max_iops}},
       {2147483647, 2147483647}},
  };
  for (const ShareRow& row : rows) {
    const Budget budget = budget_of(row.total, row.requests);
    for (std::size_t i = 0; i < row.requests.size(); ++i) {
      EXPECT_EQ(budget.share(row.requests[i]).read_iops, row.read_shares[i])
          << row.what << " " << i;
    }
  }
}

TEST(Budget, SharesNeverExceedTheTotalAboveTheFloor) {
  for (std::size_t count = 1; count <= 300; ++count) {
    const std::vector<Limit> requests(count, five_hundred);
    const Budget budget = budget_of(3000, requests);
    EXPECT_LE(budget.share(five_hundred).write_iops * count, 3000U) << count;
  }
}

TEST(Budget, LeavingGivesTheShareBack) {
  Budget budget = budget_of(3000, std::vector<Limit>(10, five_hundred));
  for (int i = 0; i < 4; ++i) budget.remove(five_hundred);
  EXPECT_EQ(budget.share(five_hundred), five_hundred);
}

TEST(Budget, BytesArePassedThrough) {
  const Limit request{.read_iops = 500, .write_iops = 500, .read_bps = 1048576};
  EXPECT_EQ(budget_of(10, {request, request}).share(request).read_bps, 1048576U);
}

}  // namespace
}  // namespace iopslimit::budget_test
