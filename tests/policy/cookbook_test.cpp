// SPDX-License-Identifier: Apache-2.0
// The examples of the documents: the parser accepts each, and those of docs/policies.md do what
// their headings say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "config/files.hpp"
#include "config/ini_reader.hpp"
#include "policy/policy.hpp"

namespace iopslimit::cookbook_test {
namespace {

std::string page(const std::string& name) {
  std::ifstream file(SOURCE_DIR "/docs/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The ini block below "### heading".
Config example(const std::string& heading) {
  const std::string text = page("policies.md");
  const std::size_t section = text.find("\n### " + heading + "\n");
  const std::size_t begin = text.find("```ini\n", section);
  if (section == std::string::npos || begin == std::string::npos) {
    ADD_FAILURE() << "docs/policies.md has no example '" << heading << "'";
    return {};
  }
  const std::size_t first = begin + std::string("```ini\n").size();
  ConfigText read;
  read_ini_text(text.substr(first, text.find("```", first) - first), "policies.md", read);
  ParsedConfig parsed = build_config(read.entries);
  for (const ConfigMessage& error : read.errors) ADD_FAILURE() << to_string(error);
  for (const ConfigMessage& error : parsed.errors) ADD_FAILURE() << to_string(error);
  return parsed.config;
}

Decision decided(const Config& config, const Record& record) {
  return decide(config, {.qos = QosClass::burstable}, &record);
}

// The number of ini blocks of a page, each of which has to be a good configuration.
int checked_blocks(const std::string& name) {
  const std::string text = page(name);
  int blocks = 0;
  for (std::size_t at = text.find("```ini\n"); at != std::string::npos;
       at = text.find("```ini\n", at + 1)) {
    ConfigText read;
    const std::size_t first = at + std::string("```ini\n").size();
    read_ini_text(text.substr(first, text.find("```", first) - first), name, read);
    EXPECT_THAT(read.errors, testing::IsEmpty());
    EXPECT_THAT(build_config(read.entries).errors, testing::IsEmpty());
    ++blocks;
  }
  return blocks;
}

TEST(Cookbook, EveryIniBlockIsGood) {
  EXPECT_GE(checked_blocks("policies.md"), 5);
  EXPECT_GE(checked_blocks("storage.md"), 1);
  EXPECT_GE(checked_blocks("metrics.md"), 1);
  EXPECT_GE(checked_blocks("configuration.md"), 2);
  EXPECT_GE(checked_blocks("sharing.md"), 1);
}

TEST(Cookbook, LimitANamespace) {
  const Config config = example("Limit a namespace");
  EXPECT_EQ(decided(config, {.name = "job", .pod_namespace = "batch-night"}).limits.at(0),
            (Limit{.read_iops = 200, .write_iops = 200, .write_bps = 20U << 20U}));
  EXPECT_EQ(decided(config, {.name = "web", .pod_namespace = "shop"}).limits.at(0), symmetric(500));
}

TEST(Cookbook, ExemptADatabase) {
  const Config config = example("Exempt a database");
  EXPECT_EQ(decided(config, {.name = "postgres", .pod_namespace = "prod"}).verdict,
            Verdict::exempt);
  EXPECT_EQ(decided(config, {.name = "web", .pod_namespace = "prod"}).limits.at(0),
            symmetric(1000));
  EXPECT_EQ(decided(config, {.name = "postgres", .pod_namespace = "dev"}).limits.at(0),
            symmetric(500));
}

TEST(Cookbook, LetATeamRaiseItsOwnLimit) {
  const Config config = example("Let a team raise its own limit up to 2000");
  Record record{.name = "web", .pod_namespace = "search"};
  EXPECT_EQ(decided(config, record).limits.at(0), symmetric(500));
  record.annotations = {{"iopslimit.org/iops", "1500"}};
  EXPECT_EQ(decided(config, record).limits.at(0), symmetric(1500));
  record.annotations = {{"iopslimit.org/iops", "5000"}};
  EXPECT_EQ(decided(config, record).limits.at(0), symmetric(2000));
  record.pod_namespace = "shop";
  EXPECT_EQ(decided(config, record).limits.at(0), symmetric(500));
}

TEST(Cookbook, KeepTheAnnotationsOfKubeDiskGuard) {
  const Config config = example("Keep the annotations of KubeDiskGuard");
  const Record record{.name = "web", .annotations = {{"kubediskguard.io/read-iops", "100"}}};
  EXPECT_EQ(decided(config, record).limits.at(0), (Limit{.read_iops = 100, .write_iops = 500}));
}

TEST(Cookbook, ShareALimitPerPod) {
  const Config config = example("Share a limit per pod");
  EXPECT_EQ(config.scope, LimitScope::pod);
  EXPECT_EQ(config.limit, symmetric(1000));
}

}  // namespace
}  // namespace iopslimit::cookbook_test
