// SPDX-License-Identifier: Apache-2.0
// How much each user may ask of the service, so that none takes its time or memory from the others.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

namespace iopslimit {

/// Users by their uid. Root is not counted: it could end the service as well.
class CallBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr double calls_a_second = 100;
  static constexpr double most_at_once = 200;
  /// Time that the service spends on one answer: a millisecond counts as one more call. So one user
  /// has a tenth of the service's time, however many containers there are.
  static constexpr std::chrono::duration<double, std::milli> time_of_a_call{1};

  /// Takes one call from the user's budget. False if nothing is left: the call is to be refused.
  bool take(std::uint32_t uid, Time now);
  /// Counts an answer that took time, which may leave the user with less than nothing.
  void charge(std::uint32_t uid, std::chrono::duration<double> spent);

 private:
  struct Account {
    double calls = most_at_once;
    Time since{};
  };

  void forget_idle(Time now);

  std::map<std::uint32_t, Account> accounts_;
};

}  // namespace iopslimit
