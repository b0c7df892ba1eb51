// SPDX-License-Identifier: Apache-2.0
#include "limit/ownership_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>

#include "support/temp_tree.hpp"

namespace iopslimit::ownership_log_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class NullSink final : public LimitBackend {
 public:
  Capabilities capabilities() const override { return {}; }
  std::error_code create(const RuleKey& key, const Limit& limit) override {
    return set(key, limit, Limit{});
  }
  std::error_code set(const RuleKey&, const Limit&, const Limit&) override {
    noted_before_write = text ? text() : "";
    return error;
  }
  std::optional<Limit> read(const RuleKey&) override { return Limit{}; }
  void drop(const RuleKey&) override {}

  std::error_code error;
  std::function<std::string()> text;
  std::string noted_before_write;
};

const RuleKey web{"/kubepods/pod0a/web", {259, 0}};
const RuleKey db{"/kubepods/pod0a/db", {259, 1}};
constexpr Limit limit{.read_iops = 500};

struct OwnershipLogTest : testing::Test {
  TempTree tree;
  NullSink backend;
  std::vector<std::string> warnings;

  /// The notes in the file; behind them it has zeros.
  std::string notes() const {
    const std::string text = tree.text("/rules");
    return text.substr(0, text.find('\0'));
  }
  OwnershipLog open() {
    return OwnershipLog(backend, tree.at("/rules"),
                        [this](const std::string& text) { warnings.push_back(text); });
  }
};

TEST_F(OwnershipLogTest, ARestartKnowsItsRules) {
  {
    OwnershipLog ledger = open();
    EXPECT_EQ(ledger.create(web, limit), std::error_code());
    EXPECT_EQ(ledger.create(db, limit), std::error_code());
    EXPECT_EQ(ledger.set(db, {}, limit), std::error_code());
  }
  EXPECT_THAT(open().rules(), ElementsAre(web));
}

TEST_F(OwnershipLogTest, TheNoteComesBeforeTheWrite) {
  OwnershipLog ledger = open();
  backend.text = [this] { return notes(); };
  EXPECT_EQ(ledger.create(web, limit), std::error_code());
  EXPECT_EQ(backend.noted_before_write, "+ 259:0 /kubepods/pod0a/web\n");
}

TEST_F(OwnershipLogTest, ARuleThatCouldNotBeRemovedStaysNoted) {
  OwnershipLog ledger = open();
  EXPECT_EQ(ledger.create(web, limit), std::error_code());
  backend.error = ControlError::device_refused;
  EXPECT_TRUE(ledger.set(web, {}, limit));
  EXPECT_THAT(open().rules(), ElementsAre(web));
}

TEST_F(OwnershipLogTest, AChangedLimitIsNoNewNote) {
  OwnershipLog ledger = open();
  EXPECT_FALSE(ledger.create(web, limit));
  for (std::uint64_t iops = 100; iops < 200; ++iops)
    EXPECT_FALSE(ledger.set(web, {.read_iops = iops}, limit));
  EXPECT_EQ(notes(), "+ 259:0 /kubepods/pod0a/web\n");
}

TEST_F(OwnershipLogTest, KeyNotedTwiceCountsOnce) {
  OwnershipLog ledger = open();
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(ledger.create(web, limit));
  EXPECT_THAT(ledger.rules(), ElementsAre(web));
  ledger.drop(web);
  EXPECT_THAT(ledger.rules(), IsEmpty());
}

TEST_F(OwnershipLogTest, ACgroupThatWentBeforeItsRuleLeavesNoNote) {
  OwnershipLog ledger = open();
  backend.error = ControlError::cgroup_gone;
  EXPECT_TRUE(ledger.create(web, limit));
  EXPECT_THAT(open().rules(), IsEmpty());
}

TEST_F(OwnershipLogTest, RewriteKeepsRulesInForce) {
  OwnershipLog ledger = open();
  EXPECT_FALSE(ledger.create(web, limit));
  std::size_t longest = 0;
  std::size_t size = 0;
  for (int i = 0; i < 3000; ++i) {
    EXPECT_FALSE(ledger.create(db, limit));
    ledger.drop(db);
    size = notes().size();
    longest = std::max(longest, size);
  }
  EXPECT_LT(size, longest) << "it was rewritten";
  EXPECT_THAT(ledger.rules(), ElementsAre(web));
  EXPECT_FALSE(ledger.create(db, limit));
  EXPECT_THAT(open().rules(), UnorderedElementsAre(web, db));
}

TEST_F(OwnershipLogTest, TheFileDoesNotGrowWithHistory) {
  OwnershipLog ledger = open();
  for (int i = 0; i < 20000; ++i) {
    const RuleKey key{"/kubepods/pod0a/" + std::to_string(i), {259, 0}};
    EXPECT_FALSE(ledger.create(key, limit));
    ledger.drop(key);
  }
  const std::string text = notes();
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 5000);
  EXPECT_THAT(open().rules(), IsEmpty());
}

TEST_F(OwnershipLogTest, BadLinesArePassedOver) {
  tree.file("/rules",
            "+ 259:0 /kubepods/pod0a/web\n\n+\n+ \n+ x:0 /a\n+ 259:0\n+ 259:0 relative\ngarbage "
            "/x\n- 259:9 /never\n+ 259:1 "
            "/kubepods/pod0a/db and cut sho");
  EXPECT_THAT(open().rules(), ElementsAre(web));
}

TEST_F(OwnershipLogTest, AFileThatCannotBeWrittenCostsNoLimit) {
  OwnershipLog ledger(backend, tree.at("/no/such/folder/rules"),
                      [this](const std::string& text) { warnings.push_back(text); });
  EXPECT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0], HasSubstr("limits are not affected"));
  EXPECT_EQ(ledger.create(web, limit), std::error_code());
  ledger.drop(web);
}

// A folder that cannot be written stands for a disk without room for the file itself.
TEST_F(OwnershipLogTest, AllNotesAreWrittenAtACheckOnceThereIsRoom) {
  tree.file("/full", "");
  OwnershipLog ledger(backend, tree.at("/full/rules"),
                      [this](const std::string& text) { warnings.push_back(text); });
  EXPECT_EQ(ledger.create(web, limit), std::error_code());
  EXPECT_EQ(ledger.create(db, limit), std::error_code());
  ledger.retry_notes();
  EXPECT_THAT(warnings, SizeIs(1)) << "said once";
  std::filesystem::remove(tree.at("/full"));
  tree.folder("/full");
  ledger.retry_notes();
  EXPECT_THAT(noted_rules(tree.at("/full/rules")), UnorderedElementsAre(web, db));
  ledger.retry_notes();
  EXPECT_THAT(warnings, SizeIs(2));
  EXPECT_THAT(warnings[1], HasSubstr("is written again"));
}

TEST_F(OwnershipLogTest, TheNotesOfAnEarlierRunSurviveAFullDisk) {
  tree.file("/rules", "+ 259:0 /kubepods/pod0a/old\n+ 259:0 /kubepods/pod0a/gone\n");
  tree.folder("/rules.new");  // in the way of the new file
  OwnershipLog ledger = open();
  EXPECT_EQ(ledger.create(web, limit), std::error_code());
  ledger.drop({"/kubepods/pod0a/gone", {259, 0}});
  std::filesystem::remove(tree.at("/rules.new"));
  ledger.retry_notes();
  EXPECT_THAT(ledger.rules(), UnorderedElementsAre(web, RuleKey{"/kubepods/pod0a/old", {259, 0}}));
}

TEST_F(OwnershipLogTest, NotesThatWaitDoNotGrowWithTime) {
  tree.folder("/rules.new");
  OwnershipLog ledger = open();
  for (int i = 0; i < 20000; ++i) {
    const RuleKey key{"/kubepods/pod0a/" + std::string(64, 'a') + std::to_string(i), {259, 0}};
    EXPECT_FALSE(ledger.create(key, limit));
    ledger.drop(key);
  }
  EXPECT_FALSE(ledger.create(web, limit));
  std::filesystem::remove(tree.at("/rules.new"));
  ledger.retry_notes();
  EXPECT_LT(notes().size(), 2U << 20);
  EXPECT_THAT(ledger.rules(), ElementsAre(web));
}

// A limit on the size of files stands for the full disk.
TEST_F(OwnershipLogTest, ServiceStartedOnAFullDiskNotesOnceThereIsRoom) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGXFSZ, &ignore, nullptr), 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit full{.rlim_cur = 0, .rlim_max = before.rlim_max};
  {
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    OwnershipLog ledger = open();
    EXPECT_EQ(ledger.create(web, limit), std::error_code());
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_THAT(warnings, SizeIs(1));
    EXPECT_EQ(ledger.create(db, limit), std::error_code());
  }
  EXPECT_THAT(open().rules(), UnorderedElementsAre(web, db));
}

TEST_F(OwnershipLogTest, NotesThatHadNoRoomComeWithTheNextNote) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGXFSZ, &ignore, nullptr), 0);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::vector<RuleKey> made;
  {
    OwnershipLog ledger = open();
    const auto create = [&] {
      made.push_back({"/kubepods/pod0a/" + std::to_string(made.size()), {259, 0}});
      EXPECT_EQ(ledger.create(made.back(), limit), std::error_code());
    };
    create();
    const rlimit full{.rlim_cur = std::filesystem::file_size(tree.at("/rules")),
                      .rlim_max = before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    while (warnings.empty() && made.size() < 5000) create();
    for (int more = 0; more < 3; ++more) create();
    const std::string then = notes();
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_THAT(warnings, SizeIs(1)) << "said once";
    EXPECT_TRUE(then.ends_with('\n')) << "half a line stayed";
    EXPECT_EQ(std::count(then.begin(), then.end(), '\n') + 4,
              static_cast<std::ptrdiff_t>(made.size()));
    create();
  }
  EXPECT_THAT(open().rules(), testing::UnorderedElementsAreArray(made));
}

}  // namespace
}  // namespace iopslimit::ownership_log_test
