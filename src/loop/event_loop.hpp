// SPDX-License-Identifier: Apache-2.0
// The event loop: one thread, one sd-event loop.
#pragma once

#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>

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

  /// Calls back whenever `fd` has `events` (EPOLLIN, EPOLLPRI). `first` may be set for one
  /// descriptor only: its callback runs before everything else that is pending.
  void on_ready(int fd, std::uint32_t events, Callback callback, bool first = false);
  /// True: demotes the `first` descriptor to the priority of the others, and raises the idle
  /// callback to the same priority. A flood of events on that descriptor then cannot starve the
  /// others. False: restores both priorities.
  void take_turns(bool turns);
  /// Blocks the signal's default action and calls back instead.
  void on_signal(int signal, Callback callback);
  /// Calls back every `interval` and replaces the previous interval and callback; 0 = never. Must
  /// not be called from its own callback.
  void every(std::chrono::seconds interval, Callback callback);
  /// As every(), with a separate timer, and only when nothing else is pending.
  void every_when_idle(std::chrono::microseconds interval, Callback callback);
  /// Sets the callback for wake_at().
  void on_wake(Callback callback);
  /// Calls the on_wake() callback once when CLOCK_BOOTTIME is past `seconds`; this replaces the
  /// time set before. Without a value: never.
  void wake_at(std::optional<std::uint64_t> seconds);
  /// Sets the callback for call_when_idle().
  void on_idle(Callback callback);
  /// Calls the on_idle() callback once, after `delay` and after everything that is pending at that
  /// time. Further calls before then change nothing.
  void call_when_idle(std::chrono::milliseconds delay = {});
  /// Sets the callback for ring_in().
  void on_alarm(Callback callback);
  /// Calls the on_alarm() callback once after `delay`. Further calls before then change nothing.
  void ring_in(std::chrono::milliseconds delay);
  /// Sends WATCHDOG=1 while the loop runs, if the unit has a watchdog (WatchdogSec=).
  void feed_watchdog();

  /// For a library that adds its own event sources (sd-bus). Its C callbacks must not throw: they
  /// catch every exception and call fail().
  sd_event* event() const { return event_.get(); }
  /// Parks the exception that is being handled and stops the loop; run() throws it again.
  void fail() noexcept;

  /// Runs until quit(). Throws the exception of a callback, or std::system_error.
  void run();
  void quit();

 private:
  struct Unref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
  };
  using Source = std::unique_ptr<sd_event_source, Unref>;
  /// The argument of a source's C callback. It must not move while the source exists.
  struct Binding {
    EventLoop* loop;
    Callback callback;
    std::chrono::microseconds interval{0};
    Source source;
  };

  Binding& bind(Callback callback);
  static void set_priority(const Binding& binding, std::int64_t priority);
  Binding& bind_bell(Callback callback, std::int64_t priority);
  static void ring(Binding& bell, std::chrono::milliseconds delay);
  void repeat(Binding*& timer, std::chrono::microseconds interval, Callback callback,
              std::int64_t priority);
  static int call(sd_event_source* source, Binding& binding) noexcept;
  static int time_came(sd_event_source* source, std::uint64_t, void* bound) noexcept;

  std::unique_ptr<sd_event, Unref> event_;
  std::deque<Binding> bindings_;
  Binding* first_ = nullptr;
  Binding* timer_ = nullptr;
  Binding* idle_timer_ = nullptr;
  Binding* wake_ = nullptr;
  Binding* idle_ = nullptr;
  Binding* alarm_ = nullptr;
  bool turns_ = false;
  std::exception_ptr parked_;
};

}  // namespace iopslimit
