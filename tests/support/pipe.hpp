// SPDX-License-Identifier: Apache-2.0
// A pipe that a test fills, so that its reading end becomes readable.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace iopslimit {

class Pipe {
 public:
  Pipe() {
    if (pipe(ends_.data()) != 0) throw std::runtime_error("pipe");
  }
  ~Pipe() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int fd() const { return ends_[0]; }
  void fill() const { ASSERT_EQ(write(ends_[1], "x", 1), 1); }
  void drain() const {
    char byte = 0;
    ASSERT_EQ(read(ends_[0], &byte, 1), 1);
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace iopslimit
