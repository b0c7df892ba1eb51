// SPDX-License-Identifier: Apache-2.0
// Without a journal; what arrives in a real one is a system test.
#include "report/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "report/json_line.hpp"

namespace iopslimit {
namespace {

std::string printed(const Journal& journal, const std::string& text) {
  testing::internal::CaptureStdout();
  journal.log(Severity::error, Action::limit_failed, text);
  return testing::internal::GetCapturedStdout();
}

TEST(Journal, WithoutAJournalTheTextGoesToStdout) {
  unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(printed(Journal(), "limited: web of pod default/web-0"),
            "limited: web of pod default/web-0\n");
}

TEST(Journal, AnInheritedVariableThatIsNotAboutOurStderrDoesNotCount) {
  setenv("JOURNAL_STREAM", "1:1", 1);
  const Journal journal;
  unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(printed(journal, "100 % of %s"), "100 % of %s\n");
}

TEST(Journal, ANameCannotBeginALine) {
  EXPECT_EQ(printed(Journal(LogForm::text), "limited: web\nnot limited: db"),
            "limited: web?not limited: db\n");
}

TEST(Journal, JsonIsALineOfItsOwn) {
  EXPECT_THAT(
      printed(Journal(LogForm::json), "not limited: web\n"),
      testing::MatchesRegex(
          R"(\{"time":"20..-..-..T..:..:...*Z","level":"error","message":"not limited: web\?","action":"limit_failed"\}.)"));
}

TEST(Journal, Forms) {
  EXPECT_EQ(log_form_named("auto"), LogForm::automatic);
  EXPECT_EQ(log_form_named("journal"), LogForm::journal);
  EXPECT_EQ(log_form_named("text"), LogForm::text);
  EXPECT_EQ(log_form_named("json"), LogForm::json);
}

TEST(JsonLine, HasWhatTheJournalHas) {
  Event event = service_event(Severity::info, Action::limited, "limited: \"web\"");
  event.container_id = "c1";
  event.container_name = "web\x01\xff";
  event.pod_uid = "u1";
  event.pod_name = "web-0";
  event.pod_namespace = "shop";
  event.cgroup = "/kubepods/c1";
  event.rules = {{{259, 0}, {.read_iops = 500, .write_iops = 400}}};
  EXPECT_EQ(json_line(event, "limited", 1764055814007),
            R"({"time":"2025-11-25T07:30:14.007Z","level":"info","message":"limited: \"web\"",)"
            R"("action":"limited","container_id":"c1","container_name":"web??","pod_uid":"u1",)"
            R"("pod_name":"web-0","pod_namespace":"shop","cgroup":"/kubepods/c1","rules":)"
            R"([{"device":"259:0","read_iops":500,"write_iops":400,"read_bps":0,"write_bps":0}]})");
}

TEST(JsonLine, LevelsAreWords) {
  for (const auto& [severity, word] : {std::pair{Severity::warning, "warning"},
                                       {Severity::notice, "notice"},
                                       {Severity::debug, "debug"}})
    EXPECT_THAT(json_line(service_event(severity, Action::none, "x"), "", 0),
                testing::HasSubstr(std::string(R"("level":")") + word + '"'));
}

}  // namespace
}  // namespace iopslimit
