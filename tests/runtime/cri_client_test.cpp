// SPDX-License-Identifier: Apache-2.0
// The client of the CRI socket against a fake runtime that misbehaves.
#include "runtime/cri_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ostream>
#include <string>
#include <vector>

#include "support/fake_cri.hpp"
#include "support/loop_runs.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::cri_client_test {
namespace {

using testing::HasSubstr;
using Kind = CriAnswer::Kind;
using Mood = FakeCri::Mood;

std::string uid_of(unsigned number) {
  std::string digits = std::to_string(number);
  return "0a1b2c3d-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

struct CriClientTest : testing::Test {
  TempTree tree;
  EventLoop loop;
  std::vector<ListedSandbox> taken;
  std::optional<CriAnswer> answer;
  const RecordRequest request{.labels = {"tier"}, .annotation_prefixes = {"iopslimit.org"}};

  CriClient client(CriClient::Options options = {.owner = geteuid(),
                                                 .limit = std::chrono::seconds(20)}) {
    return {loop,
            tree.at("/cri.sock"),
            options,
            {.take = [this](ListedSandbox one) { taken.push_back(std::move(one)); },
             .done = [this](const CriAnswer& one) { answer = one; }}};
  }
  /// The answer to one question.
  CriAnswer ask(CriClient& one, std::string_view pod_uid = "",
                CriVersion version = CriVersion::v1) {
    answer = one.ask(version, pod_uid, request);
    run_until(loop, [this] { return answer.has_value(); });
    EXPECT_EQ(one.busy(), !answer);
    return std::exchange(answer, std::nullopt).value_or(CriAnswer{.why = "none came"});
  }
};

TEST_F(CriClientTest, GetsTheLabelsOfOnePodAndOfAll) {
  FakeCri runtime(tree.at("/cri.sock"));
  runtime.set({{.uid = uid_of(1), .labels = {{"tier", "gold"}}}, {.uid = uid_of(2)}});
  CriClient one = client();
  EXPECT_EQ(ask(one, uid_of(1)), CriAnswer{.kind = Kind::answered});
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].facts.labels, (Record::Pairs{{"tier", "gold"}}));
  EXPECT_EQ(ask(one, ""), CriAnswer{.kind = Kind::answered});
  EXPECT_EQ(taken.size(), 3U);
  EXPECT_EQ(runtime.requests()[0].first, "/runtime.v1.RuntimeService/ListPodSandbox");
}

TEST_F(CriClientTest, TakesALongListInPieces) {
  FakeCri runtime(tree.at("/cri.sock"));
  std::vector<FakeSandbox> pods;
  for (unsigned number = 0; number < 2000; ++number)
    pods.push_back({.uid = uid_of(number), .annotations = {{"a/b", std::string(2000, 'x')}}});
  runtime.set(pods);
  CriClient one = client();
  EXPECT_EQ(ask(one).kind, Kind::answered);
  EXPECT_EQ(taken.size(), 2000U);
}

TEST_F(CriClientTest, SaysThatTheVersionIsUnknown) {
  FakeCri runtime(tree.at("/cri.sock"));
  runtime.set_version("v1alpha2");
  CriClient one = client();
  EXPECT_EQ(ask(one).kind, Kind::unimplemented);
  EXPECT_EQ(ask(one, "", CriVersion::v1alpha2).kind, Kind::answered);
}

TEST_F(CriClientTest, SaysThatThereIsNoSocket) {
  CriClient one = client();
  EXPECT_FALSE(one.is_there());
  EXPECT_EQ(ask(one).kind, Kind::absent);
  {
    FakeCri runtime(tree.at("/cri.sock"));
    EXPECT_TRUE(one.is_there());
    EXPECT_EQ(ask(one).kind, Kind::answered);
    runtime.disappear();
    EXPECT_EQ(ask(one).kind, Kind::absent);
    runtime.listen_again();
    EXPECT_EQ(ask(one).kind, Kind::answered);
  }
  tree.file("/cri.sock");
  EXPECT_EQ(ask(one).kind, Kind::failed) << "a file that is no socket";
}

TEST_F(CriClientTest, UsesTheSocketOfItsOwnerOnly) {
  FakeCri runtime(tree.at("/cri.sock"));
  CriClient one = client({.owner = geteuid() + 1});
  const CriAnswer refused = ask(one);
  EXPECT_EQ(refused.kind, Kind::failed);
  EXPECT_THAT(refused.why, HasSubstr("does not belong to user"));
  EXPECT_TRUE(runtime.requests().empty());
}

struct MoodRow {
  const char* name;
  Mood mood;
  std::string why;
};

// For the test's name; the default is its bytes, addresses and all.
void PrintTo(const MoodRow& row, std::ostream* out) {
  *out << row.name;
}

class Misbehaving : public CriClientTest, public testing::WithParamInterface<MoodRow> {};

TEST_P(Misbehaving, FailsWithAReasonAndWorksAfterwards) {
  FakeCri runtime(tree.at("/cri.sock"));
  runtime.set({{.uid = uid_of(1)}});
  runtime.set(GetParam().mood);
  CriClient one = client();
  const CriAnswer bad = ask(one);
  EXPECT_EQ(bad.kind, Kind::failed);
  EXPECT_THAT(bad.why, HasSubstr(GetParam().why));
  runtime.set(Mood::normal);
  taken.clear();
  EXPECT_EQ(ask(one).kind, Kind::answered);
  EXPECT_EQ(taken.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    CriClientTest, Misbehaving,
    testing::Values(MoodRow{"GarbageHttp", Mood::garbage_http, "the HTTP/2 session ended"},
                    MoodRow{"GarbageList", Mood::garbage_list, "it is no protocol buffer"},
                    MoodRow{"Compressed", Mood::compressed, "it is compressed"},
                    MoodRow{"Giant", Mood::giant, "larger than 16 MiB"},
                    MoodRow{"Endless", Mood::endless, "its answer cannot be used"},
                    MoodRow{"Pings", Mood::pings, "it does not read what it asks for"},
                    MoodRow{"Headers", Mood::headers, "32 KiB of header fields"},
                    MoodRow{"GoAway", Mood::goaway, "it broke the answer off"},
                    MoodRow{"Reset", Mood::reset, "INTERNAL_ERROR"},
                    MoodRow{"HangUp", Mood::hang_up, "closed the connection"},
                    MoodRow{"NoStatus", Mood::no_status, "no gRPC status"},
                    MoodRow{"HttpError", Mood::http_error, "HTTP status 503"},
                    MoodRow{"GrpcError", Mood::grpc_error, "gRPC status 14: no such thing"},
                    MoodRow{"Cut", Mood::cut, "cut short"}),
    [](const auto& row) { return row.param.name; });

TEST_F(CriClientTest, CountsSandboxesThatCannotBeUsed) {
  FakeCri runtime(tree.at("/cri.sock"));
  runtime.set(Mood::garbage_items);
  CriClient one = client();
  EXPECT_EQ(ask(one), (CriAnswer{.kind = Kind::answered, .unusable = 1}));
  EXPECT_TRUE(taken.empty());
}

class Hanging : public CriClientTest, public testing::WithParamInterface<Mood> {};

TEST_P(Hanging, IsGivenUpAfterTheTimeLimitAndBlocksNothing) {
  FakeCri runtime(tree.at("/cri.sock"));
  runtime.set({{.uid = uid_of(1), .annotations = {{"a/b", std::string(100000, 'x')}}}});
  runtime.set(GetParam());
  CriClient one = client({.owner = geteuid(), .limit = std::chrono::milliseconds(300)});
  // The loop turns meanwhile: ten timers come one after the other.
  unsigned turns = 0;
  Timer timer(loop, [&turns] { ++turns; });
  timer.every(std::chrono::milliseconds(20));
  EXPECT_THAT(ask(one).why, HasSubstr("no answer within"));
  EXPECT_GE(turns, 5U);
}

INSTANTIATE_TEST_SUITE_P(CriClientTest, Hanging, testing::Values(Mood::silent, Mood::drips),
                         [](const auto& row) {
                           return row.param == Mood::silent ? "Silent" : "Drips";
                         });

// Whoever listens but never accepts lets a few connections wait, and refuses the others.
TEST_F(CriClientTest, DoesNotWaitForAFullQueue) {
  const auto local = local_address(tree.at("/cri.sock"));
  const File listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.fd(), local->get(), local->size), 0);
  ASSERT_EQ(listen(listener.fd(), 0), 0);
  const File first(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(first.fd(), local->get(), local->size), 0);
  CriClient one = client();
  EXPECT_EQ(ask(one).kind, Kind::failed);
}

}  // namespace
}  // namespace iopslimit::cri_client_test
