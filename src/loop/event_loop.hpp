// SPDX-License-Identifier: Apache-2.0
// sd-event: one thread, one loop.
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

/// Callbacks may throw: the exception is parked, the loop stops, and run() throws it again. (Thrown
/// through sd_event_run() it would leave the loop in a state in which it cannot run any more.)
class EventLoop {
 public:
  using Callback = std::function<void()>;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() = default;

  /// Calls back whenever `fd` has `events` (EPOLLIN, EPOLLPRI). `first`, one of all: before
  /// everything else that is pending.
  void on_ready(int fd, std::uint32_t events, Callback callback, bool first = false);
  /// True: what comes first waits its turn from now on, as all others do, the idle callback among
  /// them. Somebody fills that descriptor without end, and the others must be heard too.
  void take_turns(bool turns);
  /// Blocks the signal's default action and calls back instead.
  void on_signal(int signal, Callback callback);
  /// Calls back every `interval`, replacing what was set before; 0 = never. Not from its own
  /// callback.
  void every(std::chrono::seconds interval, Callback callback);
  /// As every(), with a time of its own, and only when nothing else is pending.
  void every_when_idle(std::chrono::microseconds interval, Callback callback);
  /// What wake_at() asks for.
  void on_wake(Callback callback);
  /// Calls the on_wake() callback once when CLOCK_BOOTTIME is past `seconds`, in place of what was
  /// set before; nothing: never.
  void wake_at(std::optional<std::uint64_t> seconds);
  /// What call_when_idle() asks for.
  void on_idle(Callback callback);
  /// Calls the on_idle() callback once, after `delay` and all that is pending then; asked again
  /// meanwhile it stays at that.
  void call_when_idle(std::chrono::milliseconds delay = {});
  /// What ring_in() asks for.
  void on_alarm(Callback callback);
  /// Calls the on_alarm() callback once after `delay`; asked again meanwhile it stays at that.
  void ring_in(std::chrono::milliseconds delay);
  /// Sends WATCHDOG=1 while the loop turns, when the unit asks for it (WatchdogSec=).
  void feed_watchdog();

  /// For a library that brings sources of its own (sd-bus). Its C callbacks must not throw: they
  /// catch and fail().
  sd_event* event() const { return event_.get(); }
  /// Parks the exception that is being handled and stops the loop: run() throws it again.
  void fail() noexcept;

  /// Turns until quit(). Throws what a callback threw, or std::system_error.
  void run();
  void quit();

 private:
  struct Unref {
    void operator()(sd_event* event) const { sd_event_unref(event); }
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
  };
  using Source = std::unique_ptr<sd_event_source, Unref>;
  /// What a source's C callback gets: it must not move while the source lives.
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
