// SPDX-License-Identifier: Apache-2.0
// Without a journal; what arrives in a real one is a system test.
#include "host/journal.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace iopslimit {
namespace {

TEST(Journal, WithoutAJournalTheTextGoesToStderr) {
  unsetenv("JOURNAL_STREAM");
  const Journal journal;
  testing::internal::CaptureStderr();
  journal.log(Severity::info, Action::none, "limited: web of pod default/web-0");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "limited: web of pod default/web-0\n");
}

TEST(Journal, AnInheritedVariableThatIsNotAboutOurStderrDoesNotCount) {
  setenv("JOURNAL_STREAM", "1:1", 1);
  const Journal journal;
  unsetenv("JOURNAL_STREAM");
  testing::internal::CaptureStderr();
  journal.log(Severity::error, Action::none, "100 % of %s");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "100 % of %s\n");
}

}  // namespace
}  // namespace iopslimit
