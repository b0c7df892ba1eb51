// SPDX-License-Identifier: Apache-2.0
// conf/iops-limitd.conf and its man page say what the table of keys says.
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

namespace iopslimit {
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

// Every key of the table stands there, in its section, with its default and the table's own line on
// what it does.
TEST_F(InstalledFile, HasEveryKeyOfTheTable) {
  std::string section;
  for (const ConfigKey& key : config_keys()) {
    SCOPED_TRACE(to_string(key.section) + " " + std::string(key.key));
    if (key.section.named) {
      const std::string name = key.key == "label.KEY" ? "label.app" : std::string(key.key);
      EXPECT_THAT(text, HasSubstr("\n#   " + name + " = "));
      continue;
    }
    const std::size_t begin = text.find("\n" + to_string(key.section) + "\n");
    ASSERT_NE(begin, std::string::npos);
    const std::string body = text.substr(begin, text.find("\n[", begin + 1) - begin);
    const std::string line = "#" + std::string(key.key) + " =" +
                             (key.default_text.empty() ? "" : " " + std::string(key.default_text)) +
                             "\n";
    const std::size_t at = body.find("\n" + line);
    ASSERT_NE(at, std::string::npos) << line;
    const std::size_t above = body.rfind('\n', at - 1) + 1;
    EXPECT_THAT(body.substr(above, at - above), testing::StartsWith("# " + std::string(key.what)));
  }
}

struct ManPage : testing::Test {
  std::string text = text_of("/man/iops-limitd.conf.5");
};

TEST_F(ManPage, HasEveryKeyOfTheTableInItsSection) {
  for (const ConfigKey& key : config_keys()) {
    SCOPED_TRACE(to_string(key.section) + " " + std::string(key.key));
    const std::size_t begin = text.find(".SH " + to_string(key.section) + "\n");
    ASSERT_NE(begin, std::string::npos);
    const std::string body = text.substr(begin, text.find("\n.SH", begin + 1) - begin) + "\n";
    const std::size_t at = body.find("\n.B " + std::string(key.key) + "\n");
    ASSERT_NE(at, std::string::npos);
    const std::string entry = body.substr(at, body.find("\n.TP", at + 1) - at) + "\n";
    EXPECT_THAT(entry, HasSubstr(std::string(key.what).substr(1)));
    if (!key.default_text.empty()) {
      EXPECT_THAT(entry, HasSubstr("\nDefault: " + std::string(key.default_text) + ".\n"));
    }
  }
}

TEST_F(ManPage, TheExamplesAreGood) {
  std::size_t examples = 0;
  for (std::size_t at = text.find("\n.EX\n["); at != std::string::npos;
       at = text.find("\n.EX\n[", at + 1), ++examples) {
    parse(text.substr(at + 5, text.find("\n.EE", at) - at - 4));
  }
  EXPECT_EQ(examples, 2U);
}

}  // namespace
}  // namespace iopslimit
