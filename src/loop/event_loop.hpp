// SPDX-License-Identifier: Apache-2.0
// The event loop: one thread, one sd-event loop.
#pragma once

#include <systemd/sd-event.h>

#include <exception>
#include <functional>
#include <memory>

namespace iopslimit {

/// Callbacks may throw: the loop parks the exception and stops, and run() throws it again. (An
/// exception that passes through sd_event_run() would leave the loop in a state in which it cannot
/// run any more.)
class EventLoop {
 public:
  using Callback = std::function<void()>;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() = default;

  /// For the handles Io, Timer and Signal, and for a library that adds its own event sources
  /// (sd-bus). No C callback may throw: see guard().
  sd_event* event() const { return event_.get(); }
  /// Parks the exception that is being handled and stops the loop; run() throws it again.
  void fail() noexcept;

  /// Runs until quit(). Throws the exception of a callback, or std::system_error.
  void run();
  void quit();
  /// run() is over: no event source can be started any more.
  bool is_over() const { return sd_event_get_state(event_.get()) == SD_EVENT_FINISHED; }

 private:
  struct Unref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
  };

  std::unique_ptr<sd_event, Unref> event_;
  std::exception_ptr parked_;
};

}  // namespace iopslimit
