// SPDX-License-Identifier: Apache-2.0
// What the handle objects of the event loop (Io, Timer, Signal) have in common.
#pragma once

#include <systemd/sd-event.h>

#include <memory>

#include "loop/event_loop.hpp"

namespace iopslimit {

/// Which of several pending callbacks the loop runs next; those of one priority take turns. The
/// bus is `idle`: anybody may call it in a loop.
enum class Priority { first, normal, idle };

/// The same for sd-event, for a library that adds its own event sources (sd-bus).
int event_priority(Priority priority);

/// Owns one event source and its callback. The callback is no longer called once the object is
/// destroyed; the callback itself may destroy the object. The loop and, for an Io, the descriptor
/// must outlive the object.
class EventSource {
 public:
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;

  void set_priority(Priority priority);

 protected:
  EventSource(EventLoop& loop, EventLoop::Callback callback, Priority priority);
  ~EventSource() = default;

  EventLoop& loop() const { return loop_; }
  /// Null until adopt().
  sd_event_source* source() const { return source_.get(); }
  /// Takes ownership of `source` and drops the previous one.
  void adopt(sd_event_source* source);
  /// Runs the callback. The object may be gone afterwards.
  void call() const;

 private:
  struct Unref {
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
  };

  EventLoop& loop_;
  std::shared_ptr<const EventLoop::Callback> callback_;
  Priority priority_;
  std::unique_ptr<sd_event_source, Unref> source_;
};

}  // namespace iopslimit
