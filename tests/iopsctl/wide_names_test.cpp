// SPDX-License-Identifier: Apache-2.0
// Names that are wide, combined or unfit for a terminal, in the screens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>

#include "iopsctl/screens.hpp"
#include "iopsctl/top_view.hpp"
#include "support/sample_snapshot.hpp"

namespace iopslimit::wide_names_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct WideNames : testing::Test {
  Snapshot snapshot;

  WideNames() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
  void add(const std::string& pod, const std::string& container) {
    const char digit = static_cast<char>('a' + static_cast<int>(snapshot.containers.size()));
    snapshot.containers.push_back(sample_container(digit, "n", "p0", container));
    snapshot.containers.back().pod = pod;
  }
  Lines list(std::optional<std::size_t> width) const {
    return list_screen(snapshot, {}, true, 0, {.width = width});
  }
};

TEST_F(WideNames, AlignWideAndCombiningCharacters) {
  add("日本", "データ");
  add("e\u0301\u0302", "b");
  add("🚀", "plain");
  EXPECT_THAT(
      list(80),
      ElementsAre("POD     CONTAINER  STATE    LIMIT  IOPS  WHY",
                  "n/e\u0301\u0302     b          limited  500       -  [limits] iops (default)",
                  "n/日本  データ     limited  500       -  [limits] iops (default)",
                  "n/🚀    plain      limited  500       -  [limits] iops (default)"));
}

TEST_F(WideNames, TruncateAtTheColumnOfTheTerminal) {
  add("日本語日本語日本語日本語日本語日本語", "c");
  EXPECT_EQ(list(70)[1], "n/日本語日本語日本語…  c          limited  500       -  [limits] iop…");
}

TEST_F(WideNames, AreAlignedInTop) {
  add("日本", "db");
  TopView view;
  view.show(snapshot, {}, true);
  EXPECT_EQ(view.lines({.width = 80}, 24)[2],
            "n/日本/db        -        -        -  limited                     -");
}

TEST_F(WideNames, CannotChangeTheDirectionOfTheLine) {
  add("a\u202egpj", "b\u2066c\u200f");
  add("two\u2028lines", "d\u061c");
  const std::string all = testing::PrintToString(list({}));
  EXPECT_THAT(all, HasSubstr("n/a?gpj"));
  EXPECT_THAT(all, HasSubstr("b?c?"));
  EXPECT_THAT(all, HasSubstr("n/two?lines  d?"));
}

TEST_F(WideNames, AreSafeWhateverTheirBytes) {
  add("a\x1b[2J\t\n", "\xff\xfe\x80");
  add("\\x1b[2J", "b\rc");
  const Lines lines = list({});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[1], HasSubstr("n/\\x5cx1b[2J  b?c")) << "no escape sequence can be feigned";
  EXPECT_THAT(lines[2], HasSubstr("n/a?[2J??     ???"));
}

}  // namespace
}  // namespace iopslimit::wide_names_test
