// SPDX-License-Identifier: Apache-2.0
// With a journal of the test's own, and without one; what arrives in a real one is a system test.
#include "report/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "loop/local_socket.hpp"
#include "report/json_line.hpp"
#include "support/loop_runs.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::journal_test {
namespace {

std::string printed(LogForm form, const std::string& text) {
  EventLoop loop;
  Journal journal(loop, form);
  testing::internal::CaptureStdout();
  journal.log(Severity::error, Action::limit_failed, text);
  return testing::internal::GetCapturedStdout();
}

TEST(Journal, WithoutAJournalTheTextGoesToStdout) {
  unsetenv("JOURNAL_STREAM");
  EXPECT_EQ(printed(LogForm::automatic, "limited: web of pod default/web-0"),
            "limited: web of pod default/web-0\n");
}

TEST(Journal, AnInheritedVariableThatIsNotAboutOurStderrDoesNotCount) {
  setenv("JOURNAL_STREAM", "1:1", 1);
  EXPECT_EQ(printed(LogForm::automatic, "100 % of %s"), "100 % of %s\n");
  unsetenv("JOURNAL_STREAM");
}

TEST(Journal, ANameCannotBeginALine) {
  EXPECT_EQ(printed(LogForm::text, "limited: web\nnot limited: db"),
            "limited: web?not limited: db\n");
}

TEST(Journal, JsonIsALineOfItsOwn) {
  EXPECT_THAT(
      printed(LogForm::json, "not limited: web\n"),
      testing::MatchesRegex(
          R"(\{"time":"20..-..-..T..:..:...*Z","level":"error","message":"not limited: web\?","action":"limit_failed"\}.)"));
}

struct NativeJournal : testing::Test {
  TempTree tree;
  std::string path = tree.at("socket");
  EventLoop loop;
  File reader{bound()};

  int bound() const {
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto local = *local_address(path);
    EXPECT_EQ(bind(fd, local.get(), local.size), 0);
    return fd;
  }
  std::string received() const {
    std::array<char, 65536> text{};
    const ssize_t size = recv(reader.fd(), text.data(), text.size(), 0);
    return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
  }
};

TEST_F(NativeJournal, TakesFields) {
  Journal journal(loop, LogForm::journal, path);
  Event event = service_event(Severity::info, Action::limited, "limited: web");
  event.container_name = "web";
  event.rules = {{{259, 0}, {.read_iops = 500}}};
  journal.send(event);
  EXPECT_EQ(received(),
            "MESSAGE=limited: web\nPRIORITY=6\nSYSLOG_IDENTIFIER=iops-limitd\nACTION=limited\n"
            "MESSAGE_ID=76c125cc01594a1e85f548449c0bb604\nCONTAINER_NAME=web\nDEVICE=259:0\n"
            "READ_IOPS=500\nWRITE_IOPS=max\nREAD_BPS=max\nWRITE_BPS=max\n");
}

TEST_F(NativeJournal, NoValueBeginsAFieldOrHidesWhatItIs) {
  Journal journal(loop, LogForm::journal, path);
  journal.log(Severity::error, Action::none,
              "a\nPRIORITY=7\u202eb\xC2\x9B" + std::string(300000, 'x'));
  EXPECT_THAT(received(), testing::StartsWith("MESSAGE=a?PRIORITY=7?b??xxx"));
}

TEST_F(NativeJournal, ThatIsStoppedIsNotWaitedFor) {
  Journal journal(loop, LogForm::journal, path);
  constexpr int sent = 20000;
  const std::string text(200, 'x');
  for (int line = 0; line < sent; ++line)
    journal.log(Severity::info, Action::limited, std::to_string(line) + " " + text);
  EXPECT_GT(journal.dropped(), 1000U);
  std::vector<std::string> all;
  run_until(loop, [&] {
    for (std::string one = received(); one != "nothing"; one = received()) all.push_back(one);
    return all.back().find("dropped because nobody read the log") != std::string::npos;
  });
  EXPECT_EQ(all.size() - 1 + journal.dropped(), sent);
  for (std::size_t line = 0; line + 1 < all.size(); ++line)
    ASSERT_THAT(all[line], testing::StartsWith("MESSAGE=" + std::to_string(line) + " "));
  EXPECT_THAT(all.back(),
              testing::HasSubstr("MESSAGE=" + std::to_string(journal.dropped()) + " lines"));
  EXPECT_THAT(all.back(), testing::HasSubstr("ACTION=suppressed"));
}

TEST_F(NativeJournal, ThatStartsAnewIsFoundAgain) {
  Journal journal(loop, LogForm::journal, path);
  journal.log(Severity::info, Action::none, "before");
  reader = File();
  tree.remove("socket");
  testing::internal::CaptureStdout();
  journal.log(Severity::info, Action::none, "meanwhile");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "meanwhile\n");
  reader = File(bound());
  journal.log(Severity::info, Action::none, "after");
  EXPECT_THAT(received(), testing::HasSubstr("MESSAGE=after\n"));
  EXPECT_EQ(journal.dropped(), 0U);
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
}  // namespace iopslimit::journal_test
