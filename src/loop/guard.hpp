// SPDX-License-Identifier: Apache-2.0
// Keeps exceptions inside the C callbacks of sd-event and sd-bus.
#pragma once

#include <exception>

#include "loop/event_loop.hpp"

namespace iopslimit {

/// Runs `act` in a C callback. An exception of `act` stops the loop, and EventLoop::run() throws it
/// again. `act` may destroy the object that owns the callback. Returns 0: sd-event keeps the
/// source, sd-bus passes the message on.
template <typename Act>
int guard(EventLoop& loop, const Act& act) noexcept {
  try {
    act();
  } catch (...) {
    loop.fail();
  }
  return 0;
}

/// The variant for a callback that a caller waits for: passes the exception's text to `refuse`,
/// which answers the caller with an error; the loop continues. Returns 1: sd-bus knows that the
/// call is handled.
template <typename Act, typename Refuse>
int guard_call(const Act& act, const Refuse& refuse) noexcept {
  try {
    act();
  } catch (const std::exception& error) {
    refuse(error.what());
  }
  return 1;
}

}  // namespace iopslimit
