// SPDX-License-Identifier: Apache-2.0
#include "config/files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_tree.hpp"

namespace iopslimit::files_test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

void expect_no_errors(const ConfigText& text) {
  for (const ConfigMessage& error : text.errors) ADD_FAILURE() << to_string(error);
}

ConfigMessage only_error(const std::string& path) {
  ConfigText text;
  read_config_file(path, text);
  EXPECT_THAT(text.entries, IsEmpty());
  EXPECT_THAT(text.errors, SizeIs(1));
  return text.errors.empty() ? ConfigMessage{} : text.errors[0];
}

void expect_refused(const std::string& path, const std::string& words) {
  SCOPED_TRACE(path);
  const ConfigMessage error = only_error(path);
  EXPECT_EQ(error.origin, (Origin{path, 0}));
  EXPECT_THAT(error.text, HasSubstr(words));
}

TEST(ConfigFile, RefusesWhatIsNotAFile) {
  TempTree tree;
  tree.folder("folder");
  ASSERT_EQ(mkfifo(tree.at("fifo").c_str(), 0644), 0);
  std::filesystem::create_symlink(tree.at("nowhere"), tree.at("link"));
  std::filesystem::create_symlink(tree.at("loop"), tree.at("loop"));
  expect_refused(tree.at("missing"), "no such file; create it, or correct the path");
  expect_refused(tree.at("link"), "no such file");
  expect_refused(tree.at("loop"), "cannot be read (Too many levels of symbolic links)");
  expect_refused(tree.at("folder"), "is a directory");
  expect_refused(tree.at("fifo"), "is not a regular file");  // and does not hang
  expect_refused("/dev/null", "is not a regular file");
}

TEST(ConfigFile, AtMostOneMebibyte) {
  TempTree tree;
  const std::string line = "# 34567\n";
  std::string text;
  while (text.size() < std::size_t{1} << 20U) text += line;
  tree.file("full", text);
  tree.file("over", text + "\n");
  ConfigText full;
  read_config_file(tree.at("full"), full);
  expect_no_errors(full);
  expect_refused(tree.at("over"), "is larger than 1 MiB");
}

TEST(ConfigFile, UnreadableFileGivesTheReason) {
  TempTree tree;
  tree.file("secret", "[limits]\niops = 5\n");
  ASSERT_EQ(chmod(tree.root().c_str(), 0755), 0);
  ASSERT_EQ(chmod(tree.at("secret").c_str(), 0), 0);
  const uid_t user = geteuid();
  constexpr uid_t nobody = 65534;
  if (user == 0 && seteuid(nobody) != 0)
    GTEST_SKIP() << "root reads every file, and may not be another user here";
  const ConfigMessage error = only_error(tree.at("secret"));
  if (user == 0) {
    ASSERT_EQ(seteuid(user), 0);
  }
  EXPECT_EQ(error.origin, (Origin{tree.at("secret"), 0}));
  EXPECT_THAT(error.text, HasSubstr("cannot be read (Permission denied); run as root, or chmod"));
}

constexpr std::array variables = {
    "CONTAINER_IOPS_LIMIT", "DATA_TOTAL_IOPS",      "DATA_MOUNT",
    "EXCLUDE_KEYWORDS",     "CONTAINERD_NAMESPACE", "CONTAINER_RUNTIME",
    "CGROUP_VERSION",       "CHECK_INTERVAL",       "NODE_FEATURES"};

class Configuration : public testing::Test {
 protected:
  Configuration() { clear(); }
  void TearDown() override { clear(); }
  static void clear() {
    for (const char* variable : variables) unsetenv(variable);
  }
  ConfigText read() const { return read_configuration(hierarchy_.at("iops-limitd.conf")); }

  TempTree hierarchy_;
};

TEST_F(Configuration, NoFileAtAllIsAllDefaults) {
  const ConfigText text = read();
  expect_no_errors(text);
  EXPECT_THAT(text.entries, IsEmpty());
}

TEST_F(Configuration, ALinkToNowhereIsNotNoFile) {
  std::filesystem::create_symlink(hierarchy_.at("gone"), hierarchy_.at("iops-limitd.conf"));
  const ConfigText text = read();
  ASSERT_THAT(text.errors, SizeIs(1));
  EXPECT_EQ(text.errors[0].origin, (Origin{hierarchy_.at("iops-limitd.conf"), 0}));
}

TEST_F(Configuration, ATextStandsInThePlaceOfAFile) {
  hierarchy_.file("iops-limitd.conf", "[limits]\niops = 1000\n");
  hierarchy_.file("conf.d/20-b.conf", "[limits]\niops = 20\n");
  const struct {
    std::string file;
    std::vector<std::string> values;
  } rows[] = {
      {"iops-limitd.conf", {"7", "20"}},           {"conf.d/20-b.conf", {"1000", "7"}},
      {"conf.d/10-new.conf", {"1000", "7", "20"}}, {"conf.d/30-new.conf", {"1000", "20", "7"}},
      {"conf.d/.hidden.conf", {"1000", "20"}},     {"conf.d/readme", {"1000", "20"}},
      {"elsewhere.conf", {"1000", "20"}}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    const ConfigText text = read_configuration(hierarchy_.at("iops-limitd.conf"),
                                               {hierarchy_.at(row.file), "[limits]\niops = 7\n"});
    expect_no_errors(text);
    std::vector<std::string> values;
    for (const ConfigEntry& one : text.entries) {
      if (!one.key.empty()) values.push_back(one.value);
    }
    EXPECT_EQ(values, row.values);
  }
  const ParsedConfig bad =
      load_configuration(hierarchy_.at("iops-limitd.conf"),
                         {hierarchy_.at("conf.d/20-b.conf"), "[limits]\nnonsense\niopss = 1\n"});
  ASSERT_THAT(bad.errors, SizeIs(2));
  EXPECT_EQ(bad.errors[0].origin, (Origin{hierarchy_.at("conf.d/20-b.conf"), 2}));
}

TEST_F(Configuration, TheFileThenTheFolderInNameOrderThenTheEnvironment) {
  hierarchy_.file("iops-limitd.conf", "[limits]\niops = 1000\n");
  hierarchy_.file("conf.d/20-b.conf", "[limits]\niops = 20\n");
  hierarchy_.file("conf.d/10-a.conf", "[limits]\niops = 10\n");
  hierarchy_.file("conf.d/.30-hidden.conf", "[limits]\niops = 30\n");
  hierarchy_.file("conf.d/40-old.conf.bak", "[limits]\niops = 40\n");
  hierarchy_.file("conf.d/README", "no key here\n");
  hierarchy_.file("elsewhere", "[limits]\niops = 15\n");
  std::filesystem::create_symlink(hierarchy_.at("elsewhere"), hierarchy_.at("conf.d/15-link.conf"));
  setenv("CONTAINER_IOPS_LIMIT", "99", 1);
  const ConfigText text = read();
  expect_no_errors(text);
  std::vector<std::string> order;
  for (const ConfigEntry& one : text.entries) {
    if (!one.key.empty()) order.push_back(one.value);
  }
  EXPECT_THAT(order, ElementsAre("1000", "10", "15", "20", "99"));
  EXPECT_EQ(build_config(text.entries).config.limit.read_iops, 99U);
}

TEST_F(Configuration, NonFileInTheFolderIsAnError) {
  hierarchy_.folder("conf.d/10-folder.conf");
  std::filesystem::create_symlink(hierarchy_.at("gone"), hierarchy_.at("conf.d/20-link.conf"));
  const ConfigText text = read();
  ASSERT_THAT(text.errors, SizeIs(2));
  EXPECT_THAT(to_string(text.errors[0]),
              AllOf(EndsWith("name a file in it"), HasSubstr("10-folder.conf: is a directory")));
  EXPECT_THAT(to_string(text.errors[1]), HasSubstr("20-link.conf: no such file"));
}

TEST_F(Configuration, AFolderThatIsAFileIsAnError) {
  hierarchy_.file("conf.d", "");
  const ConfigText text = read();
  ASSERT_THAT(text.errors, SizeIs(1));
  EXPECT_THAT(to_string(text.errors[0]), HasSubstr("conf.d: cannot be read (Not a directory)"));
}

TEST_F(Configuration, EveryVariableArrives) {
  const std::array values = {"100",        "900", "/srv", "one,two", "moby",
                             "containerd", "v2",  "5",    "/run/nfd"};
  static_assert(values.size() == variables.size());
  for (std::size_t at = 0; at < variables.size(); ++at) setenv(variables[at], values[at], 1);
  const ConfigText text = read();
  const ParsedConfig parsed = build_config(text.entries);
  EXPECT_THAT(parsed.errors, IsEmpty());
  Config found = parsed.config;
  EXPECT_EQ(found.where("[limits]"), "[limits] (environment variable CONTAINER_IOPS_LIMIT)");
  found.written.clear();
  EXPECT_EQ(found, (Config{.device = {.mount = "/srv"},
                           .limit = {.read_iops = 100, .write_iops = 100},
                           .total_iops = 900,
                           .exclude_keywords = {"one", "two"},
                           .runtime = RuntimeType::containerd,
                           .containerd_namespaces = {"moby"},
                           .cgroup_version = CgroupVersion::v2,
                           .check_interval = std::chrono::seconds(5),
                           .features = "/run/nfd"}));
  ASSERT_THAT(text.entries, SizeIs(variables.size()));
  EXPECT_EQ(text.entries[0].origin, (Origin{"environment variable DATA_MOUNT", 0}));
}

}  // namespace
}  // namespace iopslimit::files_test
