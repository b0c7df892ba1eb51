// SPDX-License-Identifier: Apache-2.0
#include "advice/history_file.hpp"

#include <gmock/gmock.h>

#include <ctime>

#include "support/temp_tree.hpp"
#include "support/usage_replay.hpp"

namespace iopslimit::history_file_test {
namespace {

using std::chrono::hours;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Minute start = 29000000;

// Of workloads that did much of everything.
History sample_history(int workloads) {
  History history(hours(24));
  for (int i = 0; i < workloads; ++i) {
    const WorkloadFacts facts{.limits = {500, static_cast<std::uint64_t>(i)},
                              .exempt = i % 2 == 0,
                              .one_pod = i % 3 == 0,
                              .cut_names = i % 5 == 0};
    for (Minute minute = 0; minute < 60; ++minute) {
      WorkloadHistory* one = history.see({"shop", "w" + std::to_string(i), i % 7 == 0 ? "" : "c"},
                                         facts, start + minute, 2 + minute);
      history.add(*one, usage(std::pow(1.2, static_cast<double>(minute)), minute % 3 == 0, true),
                  start + minute);
    }
  }
  history.see({}, {}, start + 60, 62);
  history.finish_before(UINT64_MAX);
  return history;
}

double processor_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

class HistoryFileTest : public testing::Test {
 protected:
  TempTree tree;
  std::string path = tree.at("/history");
  History history = sample_history(20);

  void expect_anew() {
    auto [loaded, problem] = load_history(path, hours(24));
    EXPECT_THAT(problem, AllOf(HasSubstr(path), HasSubstr("starts anew")));
    EXPECT_THAT(loaded.workloads(), IsEmpty());
  }
};

TEST_F(HistoryFileTest, ComesBackAsItWas) {
  ASSERT_FALSE(save_history(path, history));
  auto [loaded, problem] = load_history(path, hours(24));
  EXPECT_EQ(problem, "");
  EXPECT_EQ(loaded.now(), history.now());
  EXPECT_EQ(loaded.reference(), history.reference());
  EXPECT_EQ(advice_after(loaded), advice_after(history));
  ASSERT_EQ(loaded.workloads().size(), 21U);
  for (const auto& [key, one] : history.workloads()) {
    EXPECT_EQ(loaded.workloads().at(key).ways, one.ways);
    EXPECT_EQ(loaded.workloads().at(key).facts, one.facts);
  }
}

TEST_F(HistoryFileTest, AnotherHalfLifeChangesNoQuantile) {
  ASSERT_FALSE(save_history(path, history));
  auto [loaded, problem] = load_history(path, hours(48));
  EXPECT_EQ(loaded.half_life(), hours(48));
  EXPECT_EQ(advice_after(loaded), advice_after(history));
}

TEST_F(HistoryFileTest, TheFirstTimeThereIsNone) {
  EXPECT_EQ(load_history(path, hours(24)).problem, "");
}

TEST_F(HistoryFileTest, EveryCutIsSeen) {
  const std::string text = text_of(history);
  ASSERT_TRUE(parse_history(text, hours(24)));
  for (std::size_t size = 0; size < text.size(); size += size < 200 ? 1 : 97)
    EXPECT_FALSE(parse_history(text.substr(0, size), hours(24))) << size;
  EXPECT_FALSE(parse_history(text.substr(0, text.size() - 1), hours(24)));
}

TEST_F(HistoryFileTest, EveryChangedLetterIsSeen) {
  const std::string text = text_of(history);
  for (std::size_t at = 0; at < text.size(); at += at < 200 ? 1 : 97) {
    std::string changed = text;
    changed[at] = changed[at] == '1' ? '2' : '1';
    EXPECT_FALSE(parse_history(changed, hours(24))) << at;
  }
}

TEST_F(HistoryFileTest, DamageIsSaidWithThePath) {
  for (const std::string& text :
       {std::string(), std::string("rubbish\n"), std::string(1000, '\0'), text_of(history) + "x"}) {
    tree.file("/history", text);
    expect_anew();
  }
  tree.remove("/history");
  tree.folder("/history");
  expect_anew();
}

TEST_F(HistoryFileTest, GoesOnFromTheOneBeforeAfterADamage) {
  ASSERT_FALSE(save_history(path, history));
  ASSERT_FALSE(save_history(path, history));
  tree.file("/history", "");
  auto [loaded, problem] = load_history(path, hours(24));
  EXPECT_THAT(problem, AllOf(HasSubstr(path + " is damaged"), HasSubstr("history.old")));
  EXPECT_EQ(loaded.workloads().size(), 21U);
}

TEST_F(HistoryFileTest, SaysThatItCannotWrite) {
  EXPECT_TRUE(save_history(tree.at("/none/history"), history));
}

// Its checksum is right, so somebody else made it.
TEST_F(HistoryFileTest, RefusesWhatItNeverWrites) {
  const auto with_sum = [](const std::string& body, int count) {
    std::uint64_t sum = 14695981039346656037ULL;
    for (const char letter : body)
      sum = (sum ^ static_cast<unsigned char>(letter)) * 1099511628211ULL;
    return body + "end " + std::to_string(count) + " " + std::to_string(sum) + "\n";
  };
  const std::string head = "iops-limitd history 1\n29000000 29000000 86400\n";
  const std::string line = "shop db c 0 28999000 29000000 | 500 1 0 0 0:1 | 500 1 0 0 0:1\n";
  EXPECT_TRUE(parse_history(with_sum(head + line, 1), hours(24)));
  EXPECT_FALSE(parse_history(with_sum(head + line, 2), hours(24)));
  EXPECT_FALSE(parse_history(with_sum(head + line + line, 2), hours(24)));
  for (const char* wrong : {"shop db c 0 28999000 29000000 | 500 1 0 0 0:1\n",
                            "shop db c 8 28999000 29000000 | 500 1 0 0 0:1 | 500 1 0 0 0:1\n",
                            "shop db c 0 28999000 29000001 | 500 1 0 0 0:1 | 500 1 0 0 0:1\n",
                            "shop db c 0 28999000 29000000 | 500 1 0 0 65:1 | 500 1 0 0 0:1\n",
                            "shop db c 0 28999000 29000000 | 500 1 0 0 0:nan | 500 1 0 0 0:1\n",
                            "shop db c 0 28999000 29000000 | 500 1 0 0 0:inf | 500 1 0 0 0:1\n",
                            "shop db c 0 28999000 29000000 | 500 1 0 0 0:-1 | 500 1 0 0 0:1\n",
                            "shop db c 0 28999000 29000000 | 500 -1 0 0 | 500 1 0 0 0:1\n",
                            "sh]op db c 0 28999000 29000000 | 500 1 0 0 | 500 1 0 0\n",
                            "- db c 0 28999000 29000000 | 500 1 0 0 | 500 1 0 0\n", "\n"})
    EXPECT_FALSE(parse_history(with_sum(head + wrong, 1), hours(24))) << wrong;
  for (const char* wrong : {"29000000 29000001 86400\n", "29000000 100 86400\n",
                            "29000000 29000000 0\n", "29000000 29000000 -5\n"})
    EXPECT_FALSE(
        parse_history(with_sum("iops-limitd history 1\n" + std::string(wrong), 0), hours(24)))
        << wrong;
}

// An absolute time says nothing under a sanitizer: ten times the workloads, at most twenty times
// the time.
TEST_F(HistoryFileTest, TheTimeToLoadGrowsWithTheSize) {
  History few = sample_history(100);
  History many = sample_history(1000);
  const auto seconds = [](const std::string& text) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const double begin = processor_seconds();
      EXPECT_TRUE(parse_history(text, hours(24)));
      best = std::min(best, processor_seconds() - begin);
    }
    return best;
  };
  const double small = seconds(text_of(few));
  const double large = seconds(text_of(many));
  RecordProperty("load_1000_usec", static_cast<int>(large * 1e6));
  EXPECT_LT(large, 20 * small + 1e-3);
}

}  // namespace
}  // namespace iopslimit::history_file_test
