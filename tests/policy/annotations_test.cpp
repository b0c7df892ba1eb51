// SPDX-License-Identifier: Apache-2.0
#include "policy/annotations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace iopslimit::annotations_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

PodRequest request(const Record::Pairs& annotations, const std::vector<std::string>& prefixes = {
                                                         "iopslimit.org", "kubediskguard.io"}) {
  return read_request(prefixes, annotations);
}

TEST(PodRequests, EveryKey) {
  const PodRequest all = request({{"iopslimit.org/bps", "10M"},
                                  {"iopslimit.org/iops", "100"},
                                  {"iopslimit.org/read-bps", "2097152"},
                                  {"iopslimit.org/read-iops", "200"},
                                  {"iopslimit.org/write-bps", "1.5G"},
                                  {"iopslimit.org/write-iops", "0"}});
  EXPECT_EQ(all.keys, (LimitKeys{.iops = 100,
                                 .read_iops = 200,
                                 .write_iops = 0,
                                 .bps = 10485760,
                                 .read_bps = 2097152,
                                 .write_bps = 1610612736}));
  EXPECT_THAT(all.warnings, IsEmpty());
  EXPECT_THAT(all.requested, SizeIs(6));
  EXPECT_EQ(all.requested[1], "iopslimit.org/iops = 100");
}

TEST(PodRequests, IgnoresAnnotationsOfOthers) {
  const PodRequest none = request({{"iopslimit.org", "5"},
                                   {"iopslimit.orgx/iops", "5"},
                                   {"kubernetes.io/iops", "5"},
                                   {"xiopslimit.org/iops", "5"}});
  EXPECT_EQ(none.keys, LimitKeys{});
  EXPECT_THAT(none.warnings, IsEmpty());
  EXPECT_EQ(request({{"iopslimit.org/iops", "5"}}, {}).keys, LimitKeys{}) << "off";
}

TEST(PodRequests, FirstPrefixWinsForEachKey) {
  const PodRequest both = request({{"iopslimit.org/iops", "100"},
                                   {"kubediskguard.io/bps", "5M"},
                                   {"kubediskguard.io/iops", "900"}});
  EXPECT_EQ(both.keys, (LimitKeys{.iops = 100, .bps = 5242880}));
  EXPECT_THAT(both.requested,
              ElementsAre("iopslimit.org/iops = 100", "kubediskguard.io/bps = 5242880"));
  EXPECT_EQ(request({{"iopslimit.org/iops", "x"}, {"kubediskguard.io/iops", "900"}}).keys.iops,
            900U)
      << "a malformed one gives way";
}

TEST(PodRequests, IgnoresMalformedAnnotationsWithTheReason) {
  struct Row {
    const char* key;
    const char* value;
    const char* says;
  };
  const Row rows[] = {
      {"iopslimit.org/iops", "lots", "iopslimit.org/iops is ignored: 'lots' is not a number"},
      {"iopslimit.org/iops", "", "has no value"},
      {"iopslimit.org/iops", "-5", "negative"},
      {"iopslimit.org/iops", "1", "some kernels refuse 1"},
      {"iopslimit.org/iops", "4294967295", "too large"},
      {"iopslimit.org/iops", "10K", "'K' after the number"},
      {"iopslimit.org/read-bps", "fast", "no number of bytes"},
      {"iopslimit.org/read_iops", "5",
       "'iopslimit.org/read_iops' is ignored: it is not known; did "
       "you mean 'read-iops'?"},
      {"kubediskguard.io/removed", "true", "there are iops, read-iops"},
      {"iopslimit.org/", "5", "not known"},
      {"iopslimit.org/a\nb", "5", "a?b"},
  };
  for (const Row& row : rows) {
    const PodRequest bad = request({{row.key, row.value}, {"kubediskguard.io/write-iops", "70"}});
    ASSERT_THAT(bad.warnings, SizeIs(1)) << row.key << " = " << row.value;
    EXPECT_THAT(bad.warnings[0], HasSubstr(row.says));
    EXPECT_EQ(bad.keys, (LimitKeys{.write_iops = 70})) << "the good one still counts";
  }
}

TEST(PodRequests, ThousandsOfBadAnnotationsGiveAFewWarnings) {
  Record::Pairs many;
  for (int i = 0; i < 5000; ++i) many.emplace_back("iopslimit.org/x" + std::to_string(i), "y");
  EXPECT_THAT(request(many).warnings, SizeIs(7));
  EXPECT_EQ(request(many).warnings.back(), "more annotations are ignored");
}

TEST(PodRequests, LowersACeilingAndNeverRaisesIt) {
  struct Row {
    const char* what;
    ShareTerms before;
    const char* asked;
    std::uint64_t after;
    bool lowered;
  };
  const Row rows[] = {
      {"below the configured one", {.lend = true, .ceiling_iops = 1500}, "800", 800, true},
      {"above it", {.lend = true, .ceiling_iops = 1500}, "2000", 1500, false},
      {"the same", {.lend = true, .ceiling_iops = 1500}, "1500", 1500, false},
      {"up to the total without it", {.lend = true}, "800", 800, true},
      {"unlimited", {.lend = true, .ceiling_iops = 1500}, "0", 1500, false},
      {"it does not borrow", {.lend = false}, "800", 0, false},
  };
  for (const Row& row : rows) {
    std::vector<ShareTerms> terms{row.before};
    const PodRequest asked = request({{"iopslimit.org/ceiling-iops", row.asked}});
    EXPECT_EQ(lower_ceiling(terms, asked.keys), row.lowered) << row.what;
    EXPECT_EQ(terms[0].ceiling_iops, row.after) << row.what;
    EXPECT_EQ(terms[0].lend, row.before.lend) << row.what;
  }
  std::vector<ShareTerms> none;
  EXPECT_FALSE(lower_ceiling(none, {.ceiling_iops = 800})) << "all terms are the defaults";
  EXPECT_FALSE(lower_ceiling(none, {}));
}

TEST(RamSize, Table) {
  struct Row {
    const char* text;
    std::uint64_t value;
    bool good = true;
  };
  const Row rows[] = {
      {"0", 0},
      {"32", 32},
      {"32b", 32},
      {"32B", 32},
      {"32k", 32768},
      {"32K", 32768},
      {"32kb", 32768},
      {"32Kb", 32768},
      {"32KiB", 32768},
      {"32Kib", 32768},
      {"32 kB", 32768},
      {"32.5kB", 33280},
      {"10M", 10485760},
      {"1.5GiB", 1610612736},
      {"1T", 1099511627776},
      {"1P", 1125899906842624},
      {"", 0, false},
      {"1", 0, false},
      {"0.5", 0, false},
      {"-1", 0, false},
      {"-0.1k", 0, false},
      {"M", 0, false},
      {" 32", 0, false},
      {"32  k", 0, false},
      {"32 ", 0, false},
      {"32x", 0, false},
      {"32bb", 0, false},
      {"32ib", 0, false},
      {"32kbb", 0, false},
      {"32ki", 0, false},
      {"1e3", 0, false},
      {"0x10", 0, false},
      {"nan", 0, false},
      {"inf", 0, false},
      {"99999999999999999999", 0, false},
      {"9000P", 0, false},
  };
  for (const Row& row : rows) {
    std::uint64_t value = 0;
    EXPECT_EQ(!parse_ram_size(row.text, value), row.good) << row.text;
    if (row.good) {
      EXPECT_EQ(value, row.value) << row.text;
    }
  }
}

struct GrantRow {
  const char* what;
  std::uint64_t base;
  std::uint64_t least;
  std::uint64_t most;
  std::uint64_t request;
  std::uint64_t granted;
  const char* clamps = "";
};

TEST(Grants, Table) {
  const GrantRow rows[] = {
      {"less than the limit", 500, 50, 0, 200, 200},
      {"as much as the limit", 500, 50, 0, 500, 500},
      {"more, and may not", 500, 50, 0, 900, 500, "lowered to 500 by the limit without"},
      {"unlimited, and may not", 500, 50, 0, 0, 500, "lowered to 500 by the limit without"},
      {"more, and may", 500, 50, 2000, 900, 900},
      {"more than the most", 500, 50, 2000, 9000, 2000, "lowered to 2000 by [annotations] max_"},
      {"unlimited, up to the most", 500, 50, 2000, 0, 2000, "lowered to 2000 by [annotations]"},
      {"the policy gives more than the most", 5000, 50, 2000, 3000, 3000},
      {"less than the least", 500, 50, 0, 10, 50, "raised to 50 by [annotations] min_"},
      {"the policy gives less than the least", 20, 50, 0, 10, 20, "raised to 20 by [annotations]"},
      {"no least", 500, 0, 0, 2, 2},
      {"unlimited without annotations", 0, 50, 0, 700, 700},
      {"unlimited, and asks for more than the most", 0, 50, 2000, 5000, 5000},
      {"unlimited, and asks for it", 0, 50, 0, 0, 0},
      {"unlimited, least counts", 0, 50, 2000, 10, 50, "raised to 50"},
  };
  for (const GrantRow& row : rows) {
    Config config;
    config.annotation_min_iops = row.least;
    config.annotation_max_iops = row.most;
    const Granted granted = grant(config, nullptr, symmetric(row.base), {.iops = row.request});
    EXPECT_EQ(granted.limit, symmetric(row.granted)) << row.what;
    EXPECT_THAT(granted.clamps, HasSubstr(row.clamps)) << row.what;
    EXPECT_EQ(granted.clamps.empty(), std::string(row.clamps).empty()) << row.what;
  }
}

TEST(Grants, OneDirectionWinsOverBothAndTheOtherKeepsItsLimit) {
  const Limit base{.read_iops = 500, .write_iops = 400, .read_bps = 4U << 20, .write_bps = 0};
  EXPECT_EQ(grant({}, nullptr, base, {.read_iops = 100}).limit.write_iops, 400U);
  const Limit both = grant({}, nullptr, base, {.iops = 300, .write_iops = 60}).limit;
  EXPECT_EQ(both.read_iops, 300U);
  EXPECT_EQ(both.write_iops, 60U);
  EXPECT_EQ(grant({}, nullptr, base, {}).limit, base);
}

TEST(Grants, BytesHaveTheirOwnBounds) {
  const Limit base{.read_iops = 500, .write_iops = 500, .read_bps = 8U << 20, .write_bps = 0};
  const Granted granted = grant({}, nullptr, base, {.bps = 100});
  EXPECT_EQ(granted.limit.read_bps, 1U << 20);
  EXPECT_EQ(granted.limit.write_bps, 1U << 20);
  EXPECT_THAT(granted.clamps, HasSubstr("read bytes/s raised to 1048576 by [annotations] min_bps"));
  EXPECT_EQ(grant({}, nullptr, base, {.bps = 1U << 30}).limit.read_bps, 8U << 20);
}

TEST(Grants, APolicysOwnMostCountsInPlaceOfTheGeneralOne) {
  Config config;
  config.annotation_max_iops = 1000;
  config.written["[policy team] max_iops"] = {"/c", 4};
  const NamedPolicy team{"team", {.annotation_max_iops = 2000}};
  const Granted more = grant(config, &team, symmetric(500), {.iops = 9000});
  EXPECT_EQ(more.limit, symmetric(2000));
  EXPECT_THAT(more.clamps, HasSubstr("lowered to 2000 by [policy team] max_iops (/c:4)"));
  const NamedPolicy never{"never", {.annotation_max_iops = 0}};
  EXPECT_EQ(grant(config, &never, symmetric(500), {.iops = 9000}).limit, symmetric(500));
  const NamedPolicy silent{"silent", {}};
  EXPECT_EQ(grant(config, &silent, symmetric(500), {.iops = 9000}).limit, symmetric(1000));
}

}  // namespace
}  // namespace iopslimit::annotations_test
