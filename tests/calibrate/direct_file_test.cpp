// SPDX-License-Identifier: Apache-2.0
// On the disk of the build folder, where the tests run: /tmp may be a tmpfs.
#include "calibrate/direct_file.hpp"

#include <gtest/gtest.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "support/pipe.hpp"

namespace iopslimit::direct_file_test {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// An empty folder below the current one.
class DirectFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::current_path() / "direct-file.XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    try {
      DirectFile(folder_, mebibyte);
    } catch (const std::system_error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  DirectFile filled(std::uint64_t bytes) const {
    DirectFile file(folder_, bytes);
    file.fill([](std::uint64_t) {});
    return file;
  }

  std::string folder_;
};

TEST_F(DirectFileTest, MeasuresEveryMix) {
  DirectFile file = filled(4 * mebibyte);
  for (const unsigned read_percent : {100U, 70U, 0U}) {
    for (const unsigned depth : {1U, 32U}) {
      int ticks = 0;
      const Measurement found = file.run({.name = "",
                                          .depth = depth,
                                          .read_percent = read_percent,
                                          .ramp = milliseconds(50),
                                          .length = milliseconds(350)},
                                         [&] { ++ticks; });
      EXPECT_EQ(found.depth, depth);
      EXPECT_GT(found.iops, 10);
      EXPECT_GT(found.p50_usec, 0U);
      EXPECT_LE(found.p50_usec, found.p99_usec);
      EXPECT_GE(ticks, 2);
    }
  }
}

TEST_F(DirectFileTest, TellsHowMuchIsWritten) {
  DirectFile file(folder_, 3 * mebibyte + 17);
  std::vector<std::uint64_t> written;
  file.fill([&](std::uint64_t bytes) { written.push_back(bytes); });
  EXPECT_EQ(written, (std::vector<std::uint64_t>{mebibyte, 2 * mebibyte, 3 * mebibyte}));
}

TEST_F(DirectFileTest, HasNoName) {
  const DirectFile file = filled(mebibyte);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(DirectFileTest, EndsWithWhatTheTickThrows) {
  DirectFile file = filled(mebibyte);
  const auto stop = [] { throw std::runtime_error("stop"); };
  EXPECT_THROW(file.run({.name = "", .depth = 8, .length = std::chrono::hours(1)}, stop),
               std::runtime_error);
}

// Reads of a file that was cut off behind the measurement's back are answered in part.
TEST_F(DirectFileTest, ReportsShortAnswers) {
  DirectFile file = filled(mebibyte);
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    if (fs::read_symlink(entry, ignored).string().starts_with(folder_ + "/"))
      fs::resize_file(entry, 4096 + 512);
  }
  try {
    file.run({.name = "", .depth = 4, .length = milliseconds(500)}, [] {});
    FAIL() << "no error";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), std::errc::io_error);
    EXPECT_NE(std::string(error.what()).find("of 4096 bytes"), std::string::npos) << error.what();
  }
}

TEST_F(DirectFileTest, ASignalSpoilsAMeasurement) {
  DirectFile file = filled(mebibyte);
  struct sigaction action {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, nullptr);
  const itimerval often{.it_interval = {.tv_sec = 0, .tv_usec = 500},
                        .it_value = {.tv_sec = 0, .tv_usec = 500}};
  setitimer(ITIMER_REAL, &often, nullptr);
  EXPECT_THROW(file.run({.name = "", .depth = 1, .length = std::chrono::hours(1)}, [] {}),
               std::system_error);
  const itimerval never{};
  setitimer(ITIMER_REAL, &never, nullptr);
}

TEST_F(DirectFileTest, AKilledProcessLeavesNothing) {
  constexpr std::uint64_t bytes = 64 * mebibyte;
  const auto free_bytes = [&] {
    struct statvfs facts {};
    EXPECT_EQ(statvfs(folder_.c_str(), &facts), 0);
    return facts.f_bfree * facts.f_frsize;
  };
  Pipe ready;
  const pid_t child = fork();
  if (child == 0) {
    DirectFile file(folder_, bytes);
    file.fill([](std::uint64_t) {});
    ready.fill();
    file.run({.name = "", .depth = 4, .length = std::chrono::hours(1)}, [] {});
    _exit(0);
  }
  ready.drain();
  const std::uint64_t while_it_ran = free_bytes();
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(fs::is_empty(folder_));
  // Others use this disk too, but hardly for half of that at this moment.
  EXPECT_GT(free_bytes(), while_it_ran + bytes / 2);
}

TEST(DirectFile, NeedsAFileSystemThatHasSuchFiles) {
  for (const auto& [folder, text] : {std::pair{"/proc", "(O_TMPFILE)"},
                                     std::pair{"/proc/no/such/folder", "cannot create a file"}}) {
    try {
      DirectFile(folder, mebibyte);
      FAIL() << folder;
    } catch (const std::system_error& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace iopslimit::direct_file_test
