// SPDX-License-Identifier: Apache-2.0
#include "config/edited_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "../support/temp_tree.hpp"

namespace iopslimit::edited_file_test {
namespace {

using testing::HasSubstr;

namespace fs = std::filesystem;

struct EditedFileTest : testing::Test {
  TempTree tree;
  std::string main = tree.at("iops-limitd.conf");

  EditedFileTest() {
    fs::permissions(tree.root(), fs::perms(0755));
    tree.file("iops-limitd.conf", "[limits]\niops = 400\n");
  }
  std::string why_not(const std::string& name = {}) {
    try {
      const EditedFile file(main, name);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(EditedFileTest, KeepsOwnerAndMode) {
  const uid_t owner = geteuid() == 0 ? 65534 : geteuid();
  ASSERT_EQ(chown(main.c_str(), owner, getegid()), 0);
  ASSERT_EQ(chmod(main.c_str(), 0640), 0);
  {
    const EditedFile file(main, "");
    EXPECT_EQ(file.text(), "[limits]\niops = 400\n");
    file.install("[limits]\niops = 600\n");
  }
  struct stat status {};
  ASSERT_EQ(stat(main.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, owner);
  EXPECT_EQ(status.st_mode & 07777U, 0640U);
  EXPECT_EQ(tree.text("iops-limitd.conf"), "[limits]\niops = 600\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(tree.root()), {}), 1) << "nothing else is left";
}

TEST_F(EditedFileTest, MakesAFileInConfD) {
  const EditedFile file(main, "10-db.conf");
  EXPECT_EQ(file.text(), "");
  EXPECT_EQ(file.file(), tree.at("conf.d/10-db.conf"));
  file.install("[limits]\niops = 600\n");
  struct stat status {};
  ASSERT_EQ(stat(file.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
}

TEST_F(EditedFileTest, TheServiceReadsNoCopy) {
  const EditedFile one(main, "10-db.conf");
  EXPECT_TRUE(fs::exists(one.copy()));
  struct stat status {};
  ASSERT_EQ(stat(fs::path(one.copy()).parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  std::ofstream(one.copy()) << "[limits]\niops = 7\n";
  EXPECT_EQ(one.edited(), "[limits]\niops = 7\n");
  EXPECT_EQ(load_configuration(main).config.limit.read_iops, 400U);
  EXPECT_EQ(load_configuration(main, {one.file(), one.edited()}).config.limit.read_iops, 7U);
}

TEST_F(EditedFileTest, ThereIsOneEditor) {
  std::optional<EditedFile> first(std::in_place, main, "");
  EXPECT_THAT(why_not(), HasSubstr("somebody else edits the configuration now"));
  EXPECT_THAT(why_not("10-db.conf"), HasSubstr("somebody else"));
  first.reset();
  EXPECT_EQ(why_not(), "");
}

TEST_F(EditedFileTest, RemovesWhatAKilledEditorLeft) {
  tree.file(".edit/iops-limitd.conf", "old");
  const EditedFile file(main, "");
  EXPECT_EQ(file.edited(), file.text());
}

TEST_F(EditedFileTest, RefusesWhereOthersMayWrite) {
  fs::permissions(tree.root(), fs::perms(0777));
  EXPECT_THAT(why_not(), HasSubstr("others may write to it"));
  fs::permissions(tree.root(), fs::perms(0755));
  tree.folder("conf.d");
  fs::permissions(tree.at("conf.d"), fs::perms(0775));
  EXPECT_THAT(why_not("10-db.conf"), HasSubstr("others may write to it"));
}

TEST_F(EditedFileTest, FollowsALinkAndKeepsIt) {
  tree.file("real/10-db.conf", "[limits]\niops = 10\n");
  tree.folder("conf.d");
  fs::permissions(tree.at("conf.d"), fs::perms(0755));
  fs::permissions(tree.at("real"), fs::perms(0755));
  fs::create_symlink(tree.at("real/10-db.conf"), tree.at("conf.d/10-db.conf"));
  const EditedFile file(main, "10-db.conf");
  EXPECT_EQ(file.text(), "[limits]\niops = 10\n");
  file.install("new\n");
  EXPECT_TRUE(fs::is_symlink(tree.at("conf.d/10-db.conf")));
  EXPECT_EQ(tree.text("real/10-db.conf"), "new\n");
  fs::remove(tree.at("real/10-db.conf"));
  EXPECT_THROW(file.install("newer\n"), std::runtime_error);
}

TEST_F(EditedFileTest, OverwritesNothingThatIsNewer) {
  const EditedFile file(main, "");
  tree.file("iops-limitd.conf", "[limits]\niops = 401\n");
  EXPECT_THROW(file.install("mine\n"), std::runtime_error);
  EXPECT_EQ(tree.text("iops-limitd.conf"), "[limits]\niops = 401\n");
}

}  // namespace
}  // namespace iopslimit::edited_file_test
