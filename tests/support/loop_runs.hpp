// SPDX-License-Identifier: Apache-2.0
// Runs an event loop for as long as a test needs it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "loop/timer.hpp"

namespace iopslimit {

/// Dispatches events until `done` returns true; fails if nothing happens for 30 seconds.
template <typename Done>
void run_until(const EventLoop& loop, const Done& done) {
  constexpr std::uint64_t most_usec = 30000000;
  while (!done()) ASSERT_GT(sd_event_run(loop.event(), most_usec), 0) << "nothing happened";
}

/// Runs the loop for long enough that a timer of a few milliseconds would call back.
inline void run_for_a_while(EventLoop& loop) {
  bool over = false;
  Timer end(loop, [&over] { over = true; });
  end.start(std::chrono::milliseconds(30));
  run_until(loop, [&over] { return over; });
}

/// The text of the exception that ends run().
inline std::string exception_of_run(EventLoop& loop) {
  try {
    loop.run();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "no exception";
}

}  // namespace iopslimit
