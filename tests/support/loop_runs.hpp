// SPDX-License-Identifier: Apache-2.0
// Runs an event loop for as long as a test needs it.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "loop/timer.hpp"

namespace iopslimit {

/// Dispatches events until `done` returns true; fails after 30 seconds. (sd_event_run() returns 0
/// not only after its time, but also when it has done nothing but feed the watchdog.)
template <typename Done>
void run_until(const EventLoop& loop, const Done& done) {
  constexpr std::chrono::seconds most{30};
  constexpr std::uint64_t most_usec = 30000000;
  const auto end = std::chrono::steady_clock::now() + most;
  while (!done()) {
    ASSERT_GE(sd_event_run(loop.event(), most_usec), 0);
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "it did not happen";
  }
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
