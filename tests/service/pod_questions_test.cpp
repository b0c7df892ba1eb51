// SPDX-License-Identifier: Apache-2.0
// When the runtime is asked about a pod, and what becomes of the answer.
#include "service/pod_questions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/fake_cri.hpp"
#include "support/loop_runs.hpp"
#include "support/parsed_path.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::pod_questions_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Asker = PodQuestions::Asker;
using Mood = FakeCri::Mood;

std::string uid_of(unsigned pod) {
  const std::string digits = std::to_string(pod);
  return "0a1b2c3d-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

std::string cgroup_of(unsigned pod, char container = 'a') {
  return "/kubepods/pod" + uid_of(pod) + "/" + std::string(64, container);
}

FakeSandbox sandbox_of(unsigned pod, const std::string& tier = "gold") {
  return {.uid = uid_of(pod), .labels = {{"tier", tier}}};
}

struct PodQuestionsTest : testing::Test {
  TempTree tree;
  EventLoop loop;
  std::string socket = tree.at("/cri.sock");
  std::unique_ptr<FakeCri> runtime = std::make_unique<FakeCri>(socket);
  std::vector<RuntimeSocket> places{{socket, RuntimeHint::containerd}};
  std::vector<std::string> read_again;
  std::vector<Event> said;
  std::chrono::seconds limit{30};
  RecordRequest request{.labels = {"tier"}, .annotation_prefixes = {"iopslimit.org"}};
  Config config;
  std::optional<PodQuestions> questions;

  void start() {
    questions.emplace(
        loop,
        PodQuestions::Options{.places = [this](const auto&) { return places; },
                              .client = {.owner = geteuid(), .limit = limit},
                              .first_pause = std::chrono::milliseconds(20),
                              .late_pause = std::chrono::milliseconds(20)},
        PodQuestions::Handlers{
            .read_again = [this](const std::string& cgroup) { read_again.push_back(cgroup); },
            .announce = [this](const Event& event) { said.push_back(event); },
            .changed = [] {}});
    questions->configure(config, request);
  }
  void want(unsigned pod, Asker asker = Asker::container, char container = 'a',
            bool from_socket = false) {
    questions->want(cgroup_of(pod, container), RuntimeHint::containerd, asker, from_socket);
  }
  template <typename Done>
  void until(const Done& done) {
    run_until(loop, done);
  }
  void until_read(std::size_t containers) {
    until([&] { return read_again.size() >= containers; });
  }
  Record record_of(unsigned pod) const {
    Record record{.runtime = RuntimeHint::containerd, .pod = "web-0", .pod_namespace = "shop"};
    questions->facts().add_to(record, *parse_container_path(cgroup_of(pod)));
    return record;
  }
  std::string label_of(unsigned pod) const {
    const Record record = record_of(pod);
    return record.labels.empty() ? "" : record.labels.front().second;
  }
};

TEST_F(PodQuestionsTest, AsksOnceForEachPodAndOnlyWhenItMay) {
  runtime->set({sandbox_of(1), sandbox_of(2)});
  start();
  want(1, Asker::new_sandbox, 'f');
  want(1);
  run_for_a_while(loop);
  EXPECT_THAT(runtime->requests(), IsEmpty()) << "before sync()";
  questions->sync();
  until_read(2);
  EXPECT_THAT(read_again, UnorderedElementsAre(cgroup_of(1, 'f'), cgroup_of(1)));
  EXPECT_EQ(label_of(1), "gold");
  EXPECT_EQ(label_of(2), "") << "nobody wanted it";
  want(1, Asker::container, 'b', true);
  questions->sync();
  run_for_a_while(loop);
  EXPECT_THAT(runtime->requests(), SizeIs(1));
  EXPECT_THAT(questions->status(), AllOf(HasSubstr(socket + " answers (v1)"), HasSubstr("1 pods")));
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(PodQuestionsTest, ASandboxAloneDoesNotAsk) {
  runtime->set({sandbox_of(1)});
  start();
  want(1, Asker::new_sandbox, 'f');
  questions->sync();
  run_for_a_while(loop);
  EXPECT_THAT(runtime->requests(), IsEmpty());
}

TEST_F(PodQuestionsTest, ListsAllPodsOnceForMany) {
  constexpr unsigned many = 1000;
  std::vector<FakeSandbox> all;
  for (unsigned pod = 0; pod < many; ++pod) all.push_back(sandbox_of(pod));
  runtime->set(all);
  start();
  for (unsigned pod = 0; pod < many; ++pod) want(pod);
  questions->sync();
  until_read(many);
  EXPECT_THAT(runtime->requests(), SizeIs(1));
  EXPECT_EQ(label_of(many - 1), "gold");
}

TEST_F(PodQuestionsTest, OfTwoSandboxesTheNewerOneCounts) {
  std::vector<FakeSandbox> listed;
  for (const auto& [pod, created] : {std::pair{1, 1}, {1, 2}, {2, 2}, {2, 1}}) {
    listed.push_back(sandbox_of(static_cast<unsigned>(pod), std::to_string(created)));
    listed.back().created_at = static_cast<std::uint64_t>(created);
  }
  runtime->set(listed);
  start();
  for (const unsigned pod : {1U, 2U}) want(pod);
  questions->sync();
  until_read(2);
  EXPECT_EQ(label_of(1), "2");
  EXPECT_EQ(label_of(2), "2") << "whichever is listed first";
}

TEST_F(PodQuestionsTest, AsksForOneAfterTheOtherWhenTheListOfAllIsTooLarge) {
  constexpr unsigned many = PodQuestions::most_single + 1;
  std::vector<FakeSandbox> all;
  for (unsigned pod = 0; pod < many; ++pod) all.push_back(sandbox_of(pod));
  runtime->set(all);
  runtime->set(Mood::giant);
  start();
  for (unsigned pod = 0; pod < many; ++pod) want(pod);
  questions->sync();
  until([&] { return runtime->connections() >= 2; });
  runtime->set(Mood::normal);
  until_read(many);
  std::set<std::pair<std::string, std::string>> different;
  for (const auto& one : runtime->requests()) different.insert(one);
  EXPECT_THAT(different, SizeIs(1 + many));
  EXPECT_EQ(std::ranges::count(runtime->requests(), runtime->requests().front()), 1);
}

TEST_F(PodQuestionsTest, ANewSandboxIsAskedAboutAgain) {
  runtime->set({sandbox_of(1)});
  start();
  want(1);
  questions->sync();
  until_read(1);
  runtime->set({sandbox_of(1), {.uid = uid_of(1), .labels = {{"tier", "tin"}}, .created_at = 2}});
  want(1, Asker::new_sandbox, 'f', true);
  questions->sync();
  EXPECT_EQ(label_of(1), "gold") << "until there is an answer";
  want(1, Asker::container, 'b', true);
  questions->sync();
  until_read(3);
  EXPECT_EQ(label_of(1), "tin") << "of two sandboxes the newer one counts";
}

TEST_F(PodQuestionsTest, AContainerThatCameWhileThePodWasAskedAboutIsReadAgain) {
  runtime->set({sandbox_of(1)});
  start();
  want(1);
  questions->sync();
  want(1, Asker::container, 'b');
  until_read(1);
  questions->sync();
  until_read(2);
  EXPECT_THAT(read_again, ElementsAre(cgroup_of(1), cgroup_of(1, 'b')));
  EXPECT_THAT(runtime->requests(), SizeIs(1));
}

TEST_F(PodQuestionsTest, FallsBackToTheOlderVersion) {
  runtime->set({sandbox_of(1)});
  runtime->set_version("v1alpha2");
  start();
  want(1);
  questions->sync();
  until_read(1);
  EXPECT_THAT(questions->status(), HasSubstr("v1alpha2"));
  EXPECT_THAT(said, IsEmpty());
}

TEST_F(PodQuestionsTest, SaysOnceThatARuntimeWithoutCriIsThere) {
  runtime->set_version("none");
  start();
  want(1);
  questions->sync();
  until([&] { return runtime->requests().size() >= 6; });
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0].text, HasSubstr("does not offer the CRI"));
}

struct FaultRow {
  const char* name;
  Mood mood;
  std::string why;
};

// For the test's name; the default is its bytes, addresses and all.
void PrintTo(const FaultRow& row, std::ostream* out) {
  *out << row.name;
}

class Faults : public PodQuestionsTest, public testing::WithParamInterface<FaultRow> {};

TEST_P(Faults, AreSaidOnceAndOverWhenTheSocketAnswersAgain) {
  runtime->set({sandbox_of(1)});
  runtime->set(GetParam().mood);
  if (GetParam().mood == Mood::silent) limit = std::chrono::seconds(1);
  start();
  want(1);
  questions->sync();
  until([&] { return runtime->connections() >= 3; });
  EXPECT_EQ(label_of(1), "");
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_EQ(said[0].severity, Severity::warning);
  EXPECT_THAT(said[0].text, AllOf(HasSubstr(socket), HasSubstr(GetParam().why)));
  EXPECT_THAT(questions->problem(), HasSubstr(GetParam().why));
  EXPECT_THAT(questions->status(), HasSubstr(GetParam().why));
  runtime->set(Mood::normal);
  want(1);  // it may have been given up
  questions->sync();
  until([&] { return said.size() == 2; });
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[1].text, HasSubstr("answers again"));
  EXPECT_EQ(questions->problem(), "");
}

INSTANTIATE_TEST_SUITE_P(
    PodQuestionsTest, Faults,
    testing::Values(FaultRow{"Silent", Mood::silent, "no answer within 1 s"},
                    FaultRow{"GarbageHttp", Mood::garbage_http, "HTTP/2 session ended"},
                    FaultRow{"Giant", Mood::giant, "larger than 16 MiB"},
                    FaultRow{"HangUp", Mood::hang_up, "closed the connection"}),
    [](const auto& row) { return row.param.name; });

TEST_F(PodQuestionsTest, WaitsLongerAfterEachFailure) {
  runtime->set(Mood::hang_up);
  start();
  want(1);
  questions->sync();
  // After 0, 20, 60, 140, 300 and 620 ms.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  until([&] { return std::chrono::steady_clock::now() > end; });
  EXPECT_LE(runtime->connections(), 6U);
}

TEST_F(PodQuestionsTest, NothingOfAnotherPodIsTaken) {
  runtime->set({sandbox_of(2)});
  runtime->set(Mood::another_pod);
  start();
  want(1);
  questions->sync();
  until([&] { return !said.empty(); });
  ASSERT_FALSE(said.empty());
  EXPECT_THAT(said[0].text, HasSubstr("answers with another pod"));
  EXPECT_EQ(label_of(1), "");
  EXPECT_EQ(label_of(2), "");
}

TEST_F(PodQuestionsTest, APodThatTheRuntimeDoesNotListIsGivenUpAfterSomeTries) {
  start();
  want(1);
  questions->sync();
  until([&] { return questions->facts().knows(uid_of(1)); });
  EXPECT_THAT(runtime->requests(), SizeIs(PodQuestions::most_attempts));
  EXPECT_THAT(read_again, IsEmpty());
  want(1);
  questions->sync();
  run_for_a_while(loop);
  EXPECT_THAT(runtime->requests(), SizeIs(PodQuestions::most_attempts));
  // Another configuration asks again.
  runtime->set({sandbox_of(1)});
  questions->configure(config, request);
  want(1);
  questions->sync();
  until_read(1);
}

TEST_F(PodQuestionsTest, WaitsForASocketThatIsAwayForAWhile) {
  runtime->set({sandbox_of(1), sandbox_of(2)});
  start();
  want(1);
  questions->sync();
  until_read(1);
  runtime->disappear();
  want(2);
  questions->sync();
  run_for_a_while(loop);
  runtime->listen_again();
  want(2);
  questions->sync();
  until_read(2);
  EXPECT_EQ(label_of(2), "gold");
}

TEST_F(PodQuestionsTest, WithoutASocketNothingIsAskedAndNothingSaid) {
  runtime->disappear();
  request.labels.clear();
  start();
  want(1);
  questions->sync();
  run_for_a_while(loop);
  EXPECT_THAT(said, IsEmpty());
  EXPECT_EQ(questions->status(), "none is there");
  EXPECT_TRUE(questions->is_empty()) << "nothing waits for a socket that may never come";
}

TEST_F(PodQuestionsTest, WithoutASocketPoliciesByLabelAreBlindWhichIsSaidOnce) {
  runtime->disappear();
  start();
  for (int i = 0; i < 2; ++i) {
    want(1);
    questions->sync();
  }
  EXPECT_THAT(said, SizeIs(1));
  config.runtime_socket = "no";
  questions->configure(config, request);
  for (int i = 0; i < 2; ++i) {
    want(1);
    questions->sync();
  }
  ASSERT_THAT(said, SizeIs(2));
  EXPECT_THAT(said[1].text, HasSubstr("matches none of containerd's containers"));
}

TEST_F(PodQuestionsTest, ASocketIsAskedForPodsOfItsRuntimeOnly) {
  runtime->set({sandbox_of(1)});
  start();
  questions->want(cgroup_of(1), RuntimeHint::crio, Asker::container, false);
  questions->want(cgroup_of(1), RuntimeHint::podman, Asker::container, false);
  questions->sync();
  run_for_a_while(loop);
  EXPECT_THAT(runtime->requests(), IsEmpty());
  config.runtime_socket = socket;  // one that the configuration names is asked for all
  questions->configure(config, request);
  questions->want(cgroup_of(1), RuntimeHint::crio, Asker::container, false);
  questions->sync();
  until_read(1);
}

TEST_F(PodQuestionsTest, AConfigurationThatWantsNothingAsksNothing) {
  request = {};
  start();
  want(1);
  questions->sync();
  run_for_a_while(loop);
  EXPECT_THAT(runtime->requests(), IsEmpty());
  EXPECT_THAT(questions->status(), HasSubstr("no policy is by label"));
}

TEST_F(PodQuestionsTest, AnotherConfigurationKeepsWhatIsKnownUntilItIsAnswered) {
  runtime->set({{.uid = uid_of(1), .labels = {{"tier", "gold"}, {"app", "db"}}}});
  start();
  want(1);
  questions->sync();
  until_read(1);
  request.labels = {"tier", "app"};
  questions->configure(config, request);
  EXPECT_THAT(record_of(1).labels, SizeIs(1));
  want(1, Asker::container, 'a');
  questions->sync();
  until_read(2);
  EXPECT_THAT(record_of(1).labels, SizeIs(2));
  config.runtime_socket = "no";
  questions->configure(config, request);
  EXPECT_THAT(record_of(1).labels, IsEmpty());
  EXPECT_THAT(questions->status(), HasSubstr("socket = no"));
}

TEST_F(PodQuestionsTest, WhatContradictsTheRecordIsNotUsed) {
  runtime->set({{.uid = uid_of(1), .name = "other-0", .labels = {{"tier", "gold"}}}});
  start();
  want(1);
  questions->sync();
  until_read(1);
  EXPECT_EQ(label_of(1), "");
  EXPECT_FALSE(record_of(1).from_socket);
  questions->contradicted(uid_of(1));
  questions->contradicted(uid_of(1));
  EXPECT_THAT(said, SizeIs(1));
}

TEST_F(PodQuestionsTest, ForgetsPodsThatAreGone) {
  runtime->set({sandbox_of(1), sandbox_of(2)});
  start();
  want(1);
  want(2);
  questions->sync();
  until_read(2);
  questions->forget(uid_of(1));
  EXPECT_EQ(label_of(1), "");
  questions->forget_unless([](const std::string&) { return false; });
  EXPECT_TRUE(questions->is_empty());
}

}  // namespace
}  // namespace iopslimit::pod_questions_test
