// SPDX-License-Identifier: Apache-2.0
#include "api/call_budget.hpp"

#include <algorithm>
#include <cstddef>

namespace iopslimit {
namespace {

constexpr std::uint32_t root = 0;
constexpr std::size_t most_accounts = 256;

double calls_at(double calls, CallBudget::Time since, CallBudget::Time now) {
  const std::chrono::duration<double> passed = now - since;
  return std::min(CallBudget::most_at_once, calls + passed.count() * CallBudget::calls_a_second);
}

}  // namespace

bool CallBudget::take(std::uint32_t uid, Time now) {
  if (uid == root) return true;
  if (accounts_.size() >= most_accounts) forget_idle(now);
  Account& account = accounts_.try_emplace(uid, Account{.since = now}).first->second;
  account = {calls_at(account.calls, account.since, now), now};
  if (account.calls < 1) return false;
  account.calls -= 1;
  return true;
}

void CallBudget::charge(std::uint32_t uid, std::chrono::duration<double> spent) {
  if (const auto found = accounts_.find(uid); found != accounts_.end())
    found->second.calls -= spent / time_of_a_call;
}

// Who has all of its budget again is as good as new.
void CallBudget::forget_idle(Time now) {
  std::erase_if(accounts_, [now](const auto& one) {
    return calls_at(one.second.calls, one.second.since, now) >= most_at_once;
  });
}

}  // namespace iopslimit
