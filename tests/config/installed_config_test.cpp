// SPDX-License-Identifier: Apache-2.0
// conf/iops-limitd.conf and its man page are written from the table of keys (docs.configuration
// compares them); here, the parser reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "config/ini_reader.hpp"
#include "config/keys.hpp"

namespace iopslimit::installed_config_test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string text_of(const std::string& path) {
  std::ifstream file(SOURCE_DIR + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

ParsedConfig parse(const std::string& what) {
  ConfigText read;
  read_ini_text(what, "iops-limitd.conf", read);
  for (const ConfigMessage& error : read.errors) ADD_FAILURE() << to_string(error);
  ParsedConfig parsed = build_config(read.entries);
  for (const ConfigMessage& error : parsed.errors) ADD_FAILURE() << to_string(error);
  return parsed;
}

struct InstalledFile : testing::Test {
  std::string text = text_of("/conf/iops-limitd.conf");
};

TEST_F(InstalledFile, AsItIs) {
  EXPECT_EQ(parse(text).config, Config{});
}

TEST_F(InstalledFile, EveryKeyUncommentedIsItsDefault) {
  const std::string all = std::regex_replace(text, std::regex("\n#([a-z_]+ =)"), "\n$1");
  ConfigText read;
  read_ini_text(all, "iops-limitd.conf", read);
  EXPECT_EQ(
      std::ranges::count_if(read.entries, [](const ConfigEntry& one) { return !one.key.empty(); }),
      std::ranges::count_if(config_keys(),
                            [](const ConfigKey& one) { return !one.section.named; }));
  ParsedConfig parsed = parse(all);
  parsed.config.written.clear();
  EXPECT_EQ(parsed.config, Config{});
}

TEST_F(InstalledFile, TheExamplesAreGood) {
  const ParsedConfig parsed =
      parse(std::regex_replace(text, std::regex("\n#(   (\\[|[a-z._]+ =))"), "\n$1"));
  EXPECT_THAT(parsed.config.policies, SizeIs(2));
  EXPECT_THAT(parsed.config.more_devices, SizeIs(1));
}

TEST_F(InstalledFile, TheExamplesHaveEveryKeyOfAPolicy) {
  for (const ConfigKey& key : config_keys()) {
    if (!key.section.named) continue;
    const std::string name = key.key == "label.KEY" ? "label.app" : std::string(key.key);
    EXPECT_THAT(text, HasSubstr("\n#   " + name + " = "));
  }
}

struct ManPage : testing::Test {
  std::string text = text_of("/man/iops-limitd.conf.5");
};

TEST_F(ManPage, TheExamplesAreGood) {
  std::size_t examples = 0;
  for (std::size_t at = text.find("\n.EX\n["); at != std::string::npos;
       at = text.find("\n.EX\n[", at + 1), ++examples) {
    parse(text.substr(at + 5, text.find("\n.EE", at) - at - 4));
  }
  EXPECT_EQ(examples, 2U);
}

}  // namespace
}  // namespace iopslimit::installed_config_test
