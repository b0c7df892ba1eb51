// SPDX-License-Identifier: Apache-2.0
// Calls back after a delay, at intervals, or at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <ctime>
#include <optional>

#include "loop/event_source.hpp"

namespace iopslimit {

/// Off until one of start(), restart(), every() and at(); their callback comes up to 1 ms late. All
/// functions may be called from the timer's own callback. Delays and intervals are of
/// CLOCK_MONOTONIC and count from the loop's last wake-up. Throws std::system_error.
class Timer : public EventSource {
 public:
  Timer(EventLoop& loop, EventLoop::Callback callback, Priority priority = Priority::normal);

  /// Calls back once after `delay`. Changes nothing while the timer runs, and then makes no system
  /// call.
  void start(std::chrono::microseconds delay);
  /// Calls back once after `delay`, in place of what ran before.
  void restart(std::chrono::microseconds delay);
  /// Calls back every `interval`, in place of what ran before. 0 = stop().
  void every(std::chrono::microseconds interval);
  /// Calls back once when CLOCK_BOOTTIME has reached `boot_seconds`, in place of what ran before.
  /// Without a value: stop().
  void at(std::optional<std::uint64_t> boot_seconds);
  void stop();
  /// In the callback: true after every() only, because a single call is over by then.
  bool running() const;

 private:
  static int elapsed(sd_event_source*, std::uint64_t, void* self) noexcept;
  void call_after(std::chrono::microseconds delay);
  void use(clockid_t clock);
  void enable(int enabled);

  clockid_t clock_ = CLOCK_MONOTONIC;
  std::chrono::microseconds interval_{0};  // 0 = not every()
};

}  // namespace iopslimit
