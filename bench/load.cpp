// SPDX-License-Identifier: Apache-2.0
// Makes containers' cgroups as a runtime does, and takes the time from the return of mkdir() until
// the kernel holds the limit.
//   bench_load BURST PAUSE_USEC [--tell] FILE...  < PATHS  > NANOSECONDS
// PATHS, one a line, are made BURST at a time; PAUSE_USEC lies between bursts. FILEs are read until
// each holds a rule. --tell: each path's id is printed to file descriptor 3 when it is made.
// The order of the limits is taken to be that of the directories: the oldest without limit is
// looked at, between two mkdirs and when all are made. So in a burst a time is late by one mkdir at
// most.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{60};

struct Container {
  std::string path;
  Clock::time_point made;
};

std::vector<std::string> files;

bool holds_rule(const std::string& path) {
  char byte = 0;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool holds = fd >= 0 && pread(fd, &byte, 1, 0) == 1;
  if (fd >= 0) close(fd);
  return holds;
}

// The last file is written last: the others are looked at once it holds.
bool in_force(const std::string& container) {
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    if (!holds_rule(container + "/" + *file)) return false;
  }
  return true;
}

class Burst {
 public:
  void make(const std::string& path, bool emit) {
    if (mkdir(path.c_str(), 0755) != 0) {
      std::perror(path.c_str());
      std::exit(1);
    }
    waiting_.push_back({path, Clock::now()});
    if (emit) {
      const auto dash = path.rfind('-');
      dprintf(3, "%s\n", path.substr(dash + 1, path.rfind('.') - dash - 1).c_str());
    }
  }
  /// True when the oldest has its limit now.
  bool look() {
    if (waiting_.empty() || !in_force(waiting_.front().path)) return false;
    const auto taken = Clock::now() - waiting_.front().made;
    taken_.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(taken).count());
    waiting_.pop_front();
    return true;
  }
  void wait_for_all() {
    const auto end = Clock::now() + patience;
    while (!waiting_.empty()) {
      if (look() || Clock::now() < end) continue;
      std::fprintf(stderr, "no limit: %s\n", waiting_.front().path.c_str());
      std::exit(1);
    }
  }
  void print() const {
    for (const long long one : taken_) std::printf("%lld\n", one);
  }

 private:
  std::deque<Container> waiting_;
  std::vector<long long> taken_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const auto size = static_cast<unsigned>(std::atoi(argv[1]));
  const auto pause = static_cast<useconds_t>(std::atoi(argv[2]));
  const bool emit = std::strcmp(argv[3], "--tell") == 0;
  files.assign(argv + (emit ? 4 : 3), argv + argc);
  std::vector<std::string> paths;
  for (std::string line; std::getline(std::cin, line);) paths.push_back(line);
  Burst burst;
  for (std::size_t at = 0; at < paths.size(); ++at) {
    burst.make(paths[at], emit);
    while (burst.look()) {
    }
    if ((at + 1) % size != 0) continue;
    burst.wait_for_all();
    usleep(pause);
  }
  burst.wait_for_all();
  burst.print();
}
