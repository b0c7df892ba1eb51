// SPDX-License-Identifier: Apache-2.0
#include "share/loan_file.hpp"

#include <gmock/gmock.h>

#include "support/recording_backend.hpp"
#include "support/temp_tree.hpp"

namespace iopslimit::loan_file_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Devnum nvme{259, 0};
const std::string pod = "/kubepods/burstable/pod0a1b2c3d-0000-4000-8000-000000000000/";

Loan loan(char id, std::uint64_t configured) {
  return {{pod + std::string(64, id), nvme}, symmetric(configured)};
}

class LoanFileTest : public testing::Test {
 protected:
  TempTree tree;
  std::string path = tree.at("/loans");
  LoanFile file{path};
  RecordingBackend kernel;
};

TEST_F(LoanFileTest, NotesWhatIsLentAndForgetsWhatIsReturned) {
  EXPECT_TRUE(file.add({loan('a', 200)}));
  EXPECT_TRUE(file.add({loan('b', 300)}));
  EXPECT_THAT(noted_loans(path), ElementsAre(loan('a', 200), loan('b', 300)));
  EXPECT_TRUE(file.replace({loan('b', 300)}));
  EXPECT_THAT(noted_loans(path), ElementsAre(loan('b', 300)));
  EXPECT_TRUE(file.replace({}));
  EXPECT_THAT(noted_loans(path), IsEmpty());
}

TEST_F(LoanFileTest, KnownLoansAreNotWrittenAgain) {
  file.add({loan('a', 200)});
  tree.file("/loans", "");
  EXPECT_TRUE(file.add({loan('a', 200)}));
  EXPECT_EQ(tree.text("/loans"), "");
}

TEST_F(LoanFileTest, SaysThatItCannotWrite) {
  LoanFile nowhere(tree.at("/none/loans"));
  EXPECT_FALSE(nowhere.add({loan('a', 200)}));
}

TEST_F(LoanFileTest, SkipsWhatIsNoLoan) {
  file.add({loan('a', 200)});
  const std::string good = tree.text("/loans");
  for (const std::string& line :
       {std::string("rubbish"), std::string("259:0 riops=5"), std::string("x riops=5 /kubepods/a"),
        "259:0 riops=max wiops=max rbps=max wbps=max " + loan('b', 1).key.cgroup,
        std::string("259:0 riops=5 wiops=5 rbps=max wbps=max /system.slice/sshd.service"),
        "259:0 riops=5 wiops=5 rbps=max wbps=max /../.." + loan('b', 1).key.cgroup}) {
    tree.file("/loans", line + "\n" + good + "259:0 riops=7 wiops=7 /kubep");
    EXPECT_THAT(noted_loans(path), ElementsAre(loan('a', 200))) << line;
  }
}

TEST_F(LoanFileTest, ARestartTakesBackWhatWasLent) {
  file.add({loan('a', 200), loan('b', 200), loan('c', 200)});
  kernel.rules[loan('a', 0).key] = symmetric(760);
  kernel.rules[loan('b', 0).key] = symmetric(200);
  recall_noted_loans(path, kernel);
  EXPECT_EQ(kernel.rules.at(loan('a', 0).key), symmetric(200));
  EXPECT_THAT(kernel.writes, ElementsAre(loan('a', 0).key))
      << "b has its limit, and somebody removed that of c";
  EXPECT_THAT(noted_loans(path), IsEmpty());
}

TEST_F(LoanFileTest, WithoutNotesNothingIsWritten) {
  recall_noted_loans(path, kernel);
  EXPECT_THAT(kernel.writes, IsEmpty());
}

}  // namespace
}  // namespace iopslimit::loan_file_test
