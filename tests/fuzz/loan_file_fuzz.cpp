// SPDX-License-Identifier: Apache-2.0
// /run/iops-limitd/loans: whatever is in it, only a rule of the service may be written.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "limit/rule_store.hpp"
#include "share/loan_file.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace iopslimit;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const Loan& loan : parse_loans(text)) {
    if (loan.configured.unlimited() || !may_hold_rules(loan.key.cgroup)) std::abort();
  }
  return 0;
}
