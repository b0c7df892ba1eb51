// SPDX-License-Identifier: Apache-2.0
#include "report/log_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <utility>

#include "loop/local_socket.hpp"

namespace iopslimit {
namespace {

using Clock = std::chrono::steady_clock;

// Lines that are written before the loop looks for other events.
constexpr int lines_a_turn = 32;

bool is_writable(int fd, int msec) {
  pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
  return poll(&one, 1, msec) > 0;
}

int msec_until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  return std::max(0, static_cast<int>(left.count()));
}

}  // namespace

LogOutput journal_output(const std::string& path) {
  File file = connect_datagram(path).value_or(File());
  const int fd = file.fd();
  return {.owned = std::move(file), .fd = fd, .is_socket = true};
}

LogOutput standard_output() {
  struct stat status {};
  if (fstat(STDOUT_FILENO, &status) != 0) return {};
  if (S_ISSOCK(status.st_mode)) return {.fd = STDOUT_FILENO, .is_socket = true};
  if (S_ISREG(status.st_mode)) return {.fd = STDOUT_FILENO};
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away must not end the service
  File file(open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return {.fd = STDOUT_FILENO, .may_block = true};
  const int fd = file.fd();
  return {.owned = std::move(file), .fd = fd};
}

LogSink::~LogSink() {
  writable_.reset();
  const auto end = Clock::now() + std::chrono::milliseconds(last_chance_msec);
  while (!waiting_.empty() && is_writable(output_.fd, msec_until(end))) drain();
  writable_.reset();
}

// A pipe that can be written to takes PIPE_BUF bytes without blocking (pipe(7)).
LogSink::Result LogSink::write_now(std::string& rest) {
  while (!rest.empty()) {
    if (output_.fd < 0) return Result::gone;
    if (output_.may_block && !is_writable(output_.fd, 0)) return Result::later;
    const std::string_view part =
        std::string_view(rest).substr(0, output_.may_block ? PIPE_BUF : rest.size());
    const ssize_t count = output_.is_socket ? send_now(output_.fd, part)
                                            : ::write(output_.fd, part.data(), part.size());
    if (count < 0 && errno == EAGAIN) return Result::later;
    if (count < 0 && errno != EINTR) return Result::gone;
    rest.erase(0, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return Result::done;
}

LogSink::Result LogSink::write_or_reopen(std::string& rest) {
  const Result result = write_now(rest);
  if (result != Result::gone) return result;
  writable_.reset();
  output_ = handlers_.open();
  return write_now(rest);
}

bool LogSink::write(std::string line) {
  if (!waiting_.empty()) {
    queue(std::move(line));
    return true;
  }
  const Result result = write_or_reopen(line);
  if (result == Result::later) queue(std::move(line));
  if (result == Result::done) report_dropped();
  return result != Result::gone;
}

void LogSink::queue(std::string line) {
  if (!waiting_.empty() && bytes_ + line.size() > most_bytes) return drop(1);
  bytes_ += line.size();
  waiting_.push_back(std::move(line));
  await_reader();
}

void LogSink::await_reader() {
  if (writable_ || loop_.is_over()) return;
  writable_.emplace(loop_, output_.fd, EPOLLOUT, [this] { drain(); });
}

void LogSink::drop(std::size_t lines) {
  dropped_ += lines;
  not_reported_ += lines;
}

void LogSink::drain() {
  for (int lines = 0; lines < lines_a_turn && !waiting_.empty(); ++lines) {
    std::string& first = waiting_.front();
    bytes_ -= first.size();
    const Result result = write_or_reopen(first);
    bytes_ += first.size();
    if (result == Result::later) return await_reader();
    if (result == Result::gone) return drop_all();
    waiting_.pop_front();
  }
  if (!waiting_.empty()) return await_reader();
  writable_.reset();
  report_dropped();
}

void LogSink::drop_all() {
  drop(waiting_.size());
  waiting_.clear();
  bytes_ = 0;
}

void LogSink::report_dropped() {
  if (not_reported_ != 0) write(handlers_.lost(std::exchange(not_reported_, 0)));
}

}  // namespace iopslimit
