// SPDX-License-Identifier: Apache-2.0
// Receives a signal of the process.
#pragma once

#include "loop/event_source.hpp"

namespace iopslimit {

class Signal : public EventSource {
 public:
  /// Blocks the signal's default action and calls back instead. The signal stays blocked after the
  /// object is gone. A loop takes one object for each signal. Throws std::system_error.
  Signal(EventLoop& loop, int signal, EventLoop::Callback callback,
         Priority priority = Priority::normal);
};

}  // namespace iopslimit
