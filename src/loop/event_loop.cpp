// SPDX-License-Identifier: Apache-2.0
#include "loop/event_loop.hpp"

#include <csignal>
#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"

namespace iopslimit {

EventLoop::EventLoop() {
  sd_event* event = nullptr;
  check(sd_event_new(&event), "sd_event_new");
  event_.reset(event);
}

EventLoop::Binding& EventLoop::bind(Callback callback) {
  bindings_.push_back({.loop = this, .callback = std::move(callback), .source = nullptr});
  return bindings_.back();
}

int EventLoop::call(sd_event_source* source, Binding& binding) noexcept {
  return guard(*binding.loop, [&] {
    if (binding.interval.count() != 0) {
      check(sd_event_source_set_time_relative(source,
                                              static_cast<std::uint64_t>(binding.interval.count())),
            "sd_event_source_set_time_relative");
      check(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), "sd_event_source_set_enabled");
    }
    binding.callback();
  });
}

int EventLoop::time_came(sd_event_source* source, std::uint64_t, void* bound) noexcept {
  return call(source, *static_cast<Binding*>(bound));
}

void EventLoop::fail() noexcept {
  parked_ = std::current_exception();
  sd_event_exit(event_.get(), 1);
}

void EventLoop::set_priority(const Binding& binding, std::int64_t priority) {
  check(sd_event_source_set_priority(binding.source.get(), priority),
        "sd_event_source_set_priority");
}

void EventLoop::on_ready(int fd, std::uint32_t events, Callback callback, bool first) {
  Binding& binding = bind(std::move(callback));
  sd_event_source* source = nullptr;
  const auto trampoline = [](sd_event_source* self, int, std::uint32_t, void* bound) noexcept {
    return call(self, *static_cast<Binding*>(bound));
  };
  check(sd_event_add_io(event_.get(), &source, fd, events, trampoline, &binding),
        "sd_event_add_io");
  binding.source.reset(source);
  if (!first) return;
  first_ = &binding;
  set_priority(binding, SD_EVENT_PRIORITY_IMPORTANT);
}

void EventLoop::take_turns(bool turns) {
  if (turns == turns_) return;
  turns_ = turns;
  if (first_ != nullptr)
    set_priority(*first_, turns ? SD_EVENT_PRIORITY_NORMAL : SD_EVENT_PRIORITY_IMPORTANT);
  if (idle_ != nullptr)
    set_priority(*idle_, turns ? SD_EVENT_PRIORITY_NORMAL : SD_EVENT_PRIORITY_IDLE);
}

void EventLoop::on_signal(int signal, Callback callback) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
    throw std::system_error(last_error(), "sigprocmask");
  Binding& binding = bind(std::move(callback));
  sd_event_source* source = nullptr;
  const auto trampoline = [](sd_event_source* self, const signalfd_siginfo*, void* bound) noexcept {
    return call(self, *static_cast<Binding*>(bound));
  };
  check(sd_event_add_signal(event_.get(), &source, signal, trampoline, &binding),
        "sd_event_add_signal");
  binding.source.reset(source);
}

void EventLoop::every(std::chrono::seconds interval, Callback callback) {
  repeat(timer_, interval, std::move(callback), SD_EVENT_PRIORITY_NORMAL);
}

void EventLoop::every_when_idle(std::chrono::microseconds interval, Callback callback) {
  repeat(idle_timer_, interval, std::move(callback), SD_EVENT_PRIORITY_IDLE);
}

void EventLoop::repeat(Binding*& timer, std::chrono::microseconds interval, Callback callback,
                       std::int64_t priority) {
  if (timer == nullptr) timer = &bind({});
  timer->callback = std::move(callback);
  timer->interval = interval;
  timer->source.reset();
  if (interval.count() == 0) return;
  sd_event_source* source = nullptr;
  check(sd_event_add_time_relative(event_.get(), &source, CLOCK_MONOTONIC,
                                   static_cast<std::uint64_t>(timer->interval.count()), 0,
                                   time_came, timer),
        "sd_event_add_time_relative");
  timer->source.reset(source);
  set_priority(*timer, priority);
}

void EventLoop::on_wake(Callback callback) {
  wake_ = &bind(std::move(callback));
}

void EventLoop::wake_at(std::optional<std::uint64_t> seconds) {
  constexpr std::uint64_t usec = 1000000;
  wake_->source.reset();
  if (!seconds) return;
  sd_event_source* source = nullptr;
  check(sd_event_add_time(event_.get(), &source, CLOCK_BOOTTIME, *seconds * usec, 0, time_came,
                          wake_),
        "sd_event_add_time");
  wake_->source.reset(source);
}

void EventLoop::on_idle(Callback callback) {
  idle_ = &bind_bell(std::move(callback), SD_EVENT_PRIORITY_IDLE);
}

void EventLoop::call_when_idle(std::chrono::milliseconds delay) {
  ring(*idle_, delay);
}

void EventLoop::on_alarm(Callback callback) {
  alarm_ = &bind_bell(std::move(callback), SD_EVENT_PRIORITY_NORMAL);
}

void EventLoop::ring_in(std::chrono::milliseconds delay) {
  ring(*alarm_, delay);
}

// Creates a timer that is off until ring() starts it.
EventLoop::Binding& EventLoop::bind_bell(Callback callback, std::int64_t priority) {
  constexpr std::uint64_t accuracy = 1000;  // microseconds
  Binding& bell = bind(std::move(callback));
  sd_event_source* source = nullptr;
  check(sd_event_add_time(event_.get(), &source, CLOCK_MONOTONIC, 0, accuracy, time_came, &bell),
        "sd_event_add_time");
  bell.source.reset(source);
  set_priority(bell, priority);
  check(sd_event_source_set_enabled(source, SD_EVENT_OFF), "sd_event_source_set_enabled");
  return bell;
}

void EventLoop::ring(Binding& bell, std::chrono::milliseconds delay) {
  sd_event_source* source = bell.source.get();
  int enabled = SD_EVENT_OFF;
  check(sd_event_source_get_enabled(source, &enabled), "sd_event_source_get_enabled");
  if (enabled != SD_EVENT_OFF) return;
  const auto usec = std::chrono::microseconds(delay).count();
  check(sd_event_source_set_time_relative(source, static_cast<std::uint64_t>(usec)),
        "sd_event_source_set_time_relative");
  check(sd_event_source_set_enabled(source, SD_EVENT_ONESHOT), "sd_event_source_set_enabled");
}

void EventLoop::feed_watchdog() {
  check(sd_event_set_watchdog(event_.get(), 1), "sd_event_set_watchdog");
}

void EventLoop::run() {
  const int result = sd_event_loop(event_.get());
  if (parked_) std::rethrow_exception(std::exchange(parked_, nullptr));
  check(result, "sd_event_loop");
}

void EventLoop::quit() {
  check(sd_event_exit(event_.get(), 0), "sd_event_exit");
}

}  // namespace iopslimit
