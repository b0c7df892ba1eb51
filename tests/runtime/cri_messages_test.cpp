// SPDX-License-Identifier: Apache-2.0
// The messages of the CRI: what is asked, and what an answer may contain.
#include "runtime/cri_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "support/fake_cri.hpp"

namespace iopslimit::cri_messages_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const std::string uid = "0a1b2c3d-0000-4000-8000-000000000001";
const RecordRequest request{.labels = {"tier", "app"}, .annotation_prefixes = {"iopslimit.org"}};

std::optional<ListedSandbox> decoded(const std::string& message) {
  return decode_sandbox(message, request);
}

TEST(CriMessages, AsksForTheReadySandboxesOfAllPodsOrOfOne) {
  using namespace std::string_literals;
  EXPECT_EQ(list_request(""), "\0\0\0\0\6\x0a\4\x12\2\x08\0"s);
  const std::string selector =
      wire::field(3, wire::field(1, "io.kubernetes.pod.uid") + wire::field(2, uid));
  EXPECT_EQ(list_request(uid), wire::framed(wire::field(1, "\x12\2\x08\0"s + selector)));
  EXPECT_EQ(list_path(CriVersion::v1), "/runtime.v1.RuntimeService/ListPodSandbox");
  EXPECT_EQ(list_path(CriVersion::v1alpha2), "/runtime.v1alpha2.RuntimeService/ListPodSandbox");
}

TEST(CriMessages, KeepsTheRequestedLabelsAndAnnotationsOfASandbox) {
  const FakeSandbox sandbox{
      .uid = uid,
      .labels = {{"tier", "gold"}, {"other", "x"}, {"app", std::string(300, 'a')}},
      .annotations = {{"iopslimit.org/iops", "800"}, {"iopslimit.org", "x"}, {"a/b", "c"}},
      .created_at = 1700000000000000000};
  const auto found = decoded(sandbox.message());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pod_uid, uid);
  EXPECT_EQ(found->created_at, 1700000000000000000);
  EXPECT_EQ(found->facts.pod, "web-0");
  EXPECT_EQ(found->facts.pod_namespace, "shop");
  EXPECT_THAT(found->facts.labels,
              ElementsAre(Pair("app", testing::EndsWith("...")), Pair("tier", "gold")));
  EXPECT_EQ(found->facts.labels[0].second.size(), Record::max_value);
  EXPECT_THAT(found->facts.annotations, ElementsAre(Pair("iopslimit.org/iops", "800")));
}

TEST(CriMessages, PassesOverFieldsThatItDoesNotKnow) {
  const std::string strange = wire::number(4, 7) + wire::number(99, 1) + wire::field(77, "text") +
                              "\x0d" + std::string(4, 'f') + "\x09" + std::string(8, 'd');
  const auto found = decoded(strange + FakeSandbox{.uid = uid}.message() + strange);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->facts.pod, "web-0");
  EXPECT_EQ(found->created_at, 7);
}

TEST(CriMessages, RefusesWhatDoesNotSayOfWhichPodItIs) {
  const std::string good = FakeSandbox{.uid = uid}.message();
  EXPECT_TRUE(decoded(good));
  EXPECT_FALSE(decoded(""));
  EXPECT_FALSE(decoded(FakeSandbox{.uid = ""}.message()));
  EXPECT_FALSE(decoded(FakeSandbox{.uid = uid, .name = ""}.message()));
  EXPECT_FALSE(decoded(FakeSandbox{.uid = uid, .name = "\xff"}.message()));
  EXPECT_FALSE(decoded(wire::map_entry(5, "io.kubernetes.pod.uid", "another") + good));
  EXPECT_FALSE(decoded("\xff\xff\xff"));
  // Wherever a message is cut off, it is never another pod's, and nothing is read behind its end.
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto found = decoded(std::string(good, 0, size));
    if (found) {
      EXPECT_EQ(found->pod_uid, uid);
    }
  }
}

TEST(CriMessages, LeavesOutWhatIsNoUtf8) {
  const auto found = decoded(FakeSandbox{
      .uid = uid,
      .labels = {{"tier", "\xc3"},
                 {"app",
                  "m\xc3\xb6"
                  "bel"}},
      .annotations = {{"iopslimit.org/\xff",
                       "1"}}}.message());
  ASSERT_TRUE(found);
  EXPECT_THAT(found->facts.labels, ElementsAre(Pair("app",
                                                    "m\xc3\xb6"
                                                    "bel")));
  EXPECT_THAT(found->facts.annotations, IsEmpty());
}

struct ListRow {
  const char* name;
  std::string bytes;
  std::vector<std::string> items;
  std::string wrong;  // empty: nothing
  bool complete;
};

// For the test's name; the default is its bytes, addresses and all.
void PrintTo(const ListRow& row, std::ostream* out) {
  *out << row.name;
}

class SandboxLists : public testing::TestWithParam<ListRow> {};

// In pieces of each size, because the kernel may cut the bytes anywhere.
TEST_P(SandboxLists, AreTakenApartWhateverThePieces) {
  const ListRow& row = GetParam();
  for (std::size_t piece = 1; piece <= row.bytes.size(); ++piece) {
    std::vector<std::string> items;
    SandboxList list([&items](std::string_view item) { items.emplace_back(item); });
    const char* wrong = nullptr;
    for (std::size_t at = 0; at < row.bytes.size() && wrong == nullptr; at += piece)
      wrong = list.feed(std::string_view(row.bytes).substr(at, piece));
    EXPECT_EQ(wrong == nullptr ? "" : std::string(wrong), row.wrong) << piece;
    EXPECT_EQ(items, row.items) << piece;
    if (wrong == nullptr) {
      EXPECT_EQ(list.complete(), row.complete) << piece;
    }
  }
}

std::vector<ListRow> rows() {
  using namespace std::string_literals;
  const std::string no_buffer = "it is no protocol buffer";
  const std::string two = wire::field(1, "one") + wire::field(1, "two");
  return {
      {"Empty", wire::framed(""), {}, "", true},
      {"Two", wire::framed(two), {"one", "two"}, "", true},
      {"EmptyItem", wire::framed(wire::field(1, "")), {""}, "", true},
      {"OtherFields",
       wire::framed(wire::number(3, 300) + wire::field(2, "other") + two + "\x0d" + "1234" +
                    "\x09" + "12345678"),
       {"one", "two"},
       "",
       true},
      {"Cut", wire::framed(two).substr(0, 12), {"one"}, "", false},
      {"OnlyAFrame", "\0\0\0\0\4"s, {}, "", false},
      {"Compressed", wire::framed(two, '\1'), {}, "it is compressed", false},
      {"Giant", "\0\xff\xff\xff\xff"s, {}, "it is larger than 16 MiB", false},
      {"SecondMessage",
       wire::framed(two) + wire::framed(two),
       {"one", "two"},
       "more follows its end",
       false},
      {"ItemBeyondTheEnd", wire::framed("\x0a\x7fxyz"), {}, no_buffer, false},
      {"FixedBeyondTheEnd", wire::framed("\x0dxyz"), {}, no_buffer, false},
      {"NoWireType", wire::framed("\x0f"), {}, no_buffer, false},
      {"EndlessNumber", wire::framed(std::string(12, '\xff')), {}, no_buffer, false},
      {"CutNumber", wire::framed("\xff"), {}, no_buffer, false},
      {"HugeLength", wire::framed("\x0a" + std::string(9, '\xff') + "\x01"), {}, no_buffer, false},
  };
}

INSTANTIATE_TEST_SUITE_P(CriMessages, SandboxLists, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

TEST(SandboxList, PassesOverASandboxThatIsTooLarge) {
  const std::string large(SandboxList::max_item + 1, 'x');
  const std::string most(SandboxList::max_item, 'y');
  std::vector<std::size_t> sizes;
  SandboxList list([&sizes](std::string_view item) { sizes.push_back(item.size()); });
  const std::string bytes =
      wire::framed(wire::field(1, "a") + wire::field(1, large) + wire::field(1, most));
  EXPECT_EQ(list.feed(bytes), nullptr);
  EXPECT_TRUE(list.complete());
  EXPECT_EQ(list.passed_over(), 1U);
  EXPECT_THAT(sizes, ElementsAre(1U, SandboxList::max_item));
}

}  // namespace
}  // namespace iopslimit::cri_messages_test
