// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/advise.hpp"

#include <gmock/gmock.h>

#include <set>

#include "config/config.hpp"
#include "config/ini_reader.hpp"
#include "support/sample_advice.hpp"

namespace iopslimit::advise_test {
namespace {

using testing::Contains;
using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string text_of(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

ParsedConfig parsed_ini(const std::vector<Advice>& all) {
  ConfigText text;
  read_ini_text(text_of(advise_ini(all)), "advice.conf", text);
  EXPECT_THAT(text.errors, IsEmpty());
  return build_config(text.entries);
}

std::vector<std::string> names_of(const std::vector<Advice>& all) {
  std::vector<std::string> names;
  for (const Advice& one : all) names.push_back(one.workload + "/" + one.container);
  return names;
}

TEST(Advise, ShowsARowForEach) {
  EXPECT_THAT(
      advise_screen(sample_advice(), {}),
      ElementsAre(
          ContainsRegex("^WORKLOAD +CONTAINER +DAYS +LIMIT +P50 +P95 +P99 +AT LIMIT +ADVICE"),
          ContainsRegex("^all pods +- +6.2 +3,000 +900 +1,800 +2,900 +0% +3,335: raise"),
          ContainsRegex("^shop/db-\\* +db +6.2 +500 +210r 2w +>500r 40w +>500r 310w +31%r 0%w +at "
                        "least 690r 46w: raise, look again in a day"),
          ContainsRegex("^shop/db-proxy-\\* +db +6.2 +500 +2 +40 +310 +0% +46: could lend 454"),
          ContainsRegex("^shop/web-\\* +web +0.1 +500 +2 +40 +310 +0% +too early: 46"),
          ContainsRegex("^shop/web-\\* +istio-proxy +6.2 +none .*10r 0w .exempt.$")));
}

TEST(Advise, FindsByEveryName) {
  const auto all = sample_advice();
  const auto found = [&all](const char* name) { return names_of(advice_named(all, name)); };
  EXPECT_THAT(found(""), SizeIs(5));
  for (const char* name : {"shop/web", "web", "web-7d9f8b6c5d-x2x4z", "shop/web-7d9f8b6c5d-x2x4z"})
    EXPECT_THAT(found(name), ElementsAre("web/web", "web/istio-proxy")) << name;
  for (const char* name : {"shop/web/web", "shop/web-7d9f8b6c5d-x2x4z/web"})
    EXPECT_THAT(found(name), ElementsAre("web/web")) << name;
  EXPECT_THAT(found("db-0"), ElementsAre("db/db"));
  EXPECT_THAT(found("db"), ElementsAre("db/db", "db-proxy/db")) << "a container too";
  EXPECT_THAT(found("db-0/db"), ElementsAre("db/db"));
  EXPECT_THAT(found("db-proxy"), ElementsAre("db-proxy/db"));
  EXPECT_THAT(found("istio-proxy"), ElementsAre("web/istio-proxy"));
  EXPECT_THAT(found("shop"), SizeIs(4));
  for (const char* name : {"we", "shop/", "/", "nobody", "shop/web/"})
    EXPECT_THAT(found(name), IsEmpty()) << name;
}

TEST(Advise, PrintsSectionsThatTheConfigurationTakes) {
  const ParsedConfig parsed = parsed_ini(sample_advice());
  EXPECT_THAT(parsed.errors, IsEmpty());
  ASSERT_THAT(parsed.config.policies, SizeIs(2)) << "neither the early one nor the exempt one";
  const auto& [name, section] = parsed.config.policies[1];
  EXPECT_EQ(name, "shop/db/db");
  EXPECT_EQ(section.globs.at("namespace"), "shop");
  EXPECT_EQ(section.globs.at("pod"), "db-*");
  EXPECT_EQ(section.globs.at("container"), "db");
  EXPECT_EQ(section.limits.read_iops, 690U);
  EXPECT_EQ(section.limits.write_iops, 46U);
}

TEST(Advise, TheMoreExactPatternComesFirst) {
  const ParsedConfig parsed = parsed_ini(sample_advice());
  EXPECT_EQ(parsed.config.policies.front().first, "shop/db-proxy/db") << "db-* matches it too";
}

TEST(Advise, SectionsHaveTheEvidence) {
  const Lines lines = advise_ini(sample_advice());
  EXPECT_THAT(lines, Contains(HasSubstr("total_iops = 3335 holds them")));
  EXPECT_THAT(lines, Contains(HasSubstr("6.2 days: half of the minutes up to 210 reads and 2")));
  EXPECT_THAT(lines, Contains(HasSubstr("At its limit of 500 for 31%r 0%w of the time")));
}

TEST(Advise, ALongNameIsNoNameOfASection) {
  auto all = sample_advice();
  all.resize(3);
  for (Advice& one : all) one.workload = std::string(200, 'w');
  all[1].container = std::string(63, 'c');
  const ParsedConfig parsed = parsed_ini(all);
  EXPECT_THAT(parsed.errors, IsEmpty());
  ASSERT_THAT(parsed.config.policies, SizeIs(2));
  EXPECT_NE(parsed.config.policies[0].first, parsed.config.policies[1].first);
}

TEST(Advise, APodAsAWholeHasNoContainer) {
  auto all = sample_advice();
  all.resize(2);
  all[1].container.clear();
  EXPECT_FALSE(parsed_ini(all).config.policies.front().second.globs.contains("container"));
  EXPECT_EQ(parsed_ini(all).config.policies.front().first, "shop/db");
}

TEST(Advise, SaysThatThereIsNothingYet) {
  EXPECT_THAT(advise_ini({}), Contains("# No workload was observed for a day yet."));
  EXPECT_THAT(parsed_ini({}).errors, IsEmpty());
}

}  // namespace
}  // namespace iopslimit::advise_test
