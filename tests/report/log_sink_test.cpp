// SPDX-License-Identifier: Apache-2.0
// Readers that are slow, gone, or come back.
#include "report/log_sink.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "support/loop_runs.hpp"

namespace iopslimit::log_sink_test {
namespace {

struct LogSinkTest : testing::Test {
  EventLoop loop;
  std::array<int, 2> ends{-1, -1};
  std::unique_ptr<LogSink> sink;
  bool may_block = false;
  std::string text;  // that was read

  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    ASSERT_GT(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    ASSERT_EQ(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
  }
  void TearDown() override {
    sink.reset();
    close(ends[0]);
    close(ends[1]);
  }
  void begin() {
    const int mode = may_block ? 0 : O_NONBLOCK;
    ASSERT_EQ(fcntl(ends[1], F_SETFL, mode), 0);
    sink = std::make_unique<LogSink>(
        loop, LogSink::Handlers{
                  .open =
                      [this] {
                        return LogOutput{File(), ends[1], false, may_block};
                      },
                  .lost = [](std::uint64_t lines) { return std::to_string(lines) + " lost\n"; }});
  }
  void read_some() {
    std::array<char, 4096> buffer{};
    for (ssize_t size = 1; size > 0;) {
      size = read(ends[0], buffer.data(), buffer.size());
      if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  void write_lines(int lines, std::size_t size) {
    for (int line = 0; line < lines; ++line)
      EXPECT_TRUE(sink->write(std::to_string(line) + std::string(size, 'x') + "\n"));
  }
  std::string whole(int lines, std::size_t size) const {
    std::string all;
    for (int line = 0; line < lines; ++line)
      all += std::to_string(line) + std::string(size, 'x') + "\n";
    return all;
  }
};

TEST_F(LogSinkTest, KeepsLinesWholeAndInOrder) {
  begin();
  write_lines(20, 10000);
  const std::string expected = whole(20, 10000);
  run_until(loop, [&] {
    read_some();
    return text.size() >= expected.size();
  });
  EXPECT_EQ(text, expected);
  EXPECT_EQ(sink->dropped(), 0U);
}

TEST_F(LogSinkTest, AsksADescriptorThatCanBlock) {
  may_block = true;
  begin();
  write_lines(20, 10000);
  const std::string expected = whole(20, 10000);
  run_until(loop, [&] {
    read_some();
    return text.size() >= expected.size();
  });
  EXPECT_EQ(text, expected);
}

TEST_F(LogSinkTest, DropsWhatDoesNotFitAndCountsIt) {
  begin();
  write_lines(300, 10000);
  EXPECT_GT(sink->dropped(), 150U);
  EXPECT_LT(sink->dropped(), 210U);
  const std::string last = std::to_string(sink->dropped()) + " lost\n";
  run_until(loop, [&] {
    read_some();
    return text.ends_with(last);
  });
  EXPECT_EQ(text, whole(300 - static_cast<int>(sink->dropped()), 10000) + last);
}

TEST_F(LogSinkTest, AReaderThatGoesAwayDropsWhatWaits) {
  begin();
  write_lines(30, 1000);
  close(std::exchange(ends[0], -1));
  run_until(loop, [&] { return sink->dropped() != 0; });
  EXPECT_FALSE(sink->write("nobody\n"));
}

TEST_F(LogSinkTest, TheLastLinesHaveAChance) {
  begin();
  write_lines(3, 3000);
  const pid_t child = fork();
  if (child == 0) {
    std::size_t size = 0;
    std::array<char, 4096> buffer{};
    while (size < 9000) {
      const ssize_t count = read(ends[0], buffer.data(), buffer.size());
      if (count > 0) size += static_cast<std::size_t>(count);
    }
    _exit(size == whole(3, 3000).size() ? 0 : 1);
  }
  sink.reset();
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST_F(LogSinkTest, AReaderThatIsStuckDoesNotHoldUpTheEnd) {
  begin();
  write_lines(30, 1000);
  const auto start = std::chrono::steady_clock::now();
  sink.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace iopslimit::log_sink_test
