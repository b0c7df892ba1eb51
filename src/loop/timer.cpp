// SPDX-License-Identifier: Apache-2.0
#include "loop/timer.hpp"

#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"

namespace iopslimit {

Timer::Timer(EventLoop& loop, EventLoop::Callback callback, Priority priority)
    : EventSource(loop, std::move(callback), priority) {}

void Timer::start(std::chrono::microseconds delay) {
  if (!running()) restart(delay);
}

void Timer::restart(std::chrono::microseconds delay) {
  interval_ = {};
  call_after(delay);
}

void Timer::every(std::chrono::microseconds interval) {
  if (interval.count() == 0) return stop();
  interval_ = interval;
  call_after(interval);
}

void Timer::at(std::optional<std::uint64_t> boot_seconds) {
  constexpr std::uint64_t usec = 1000000;
  if (!boot_seconds) return stop();
  interval_ = {};
  use(CLOCK_BOOTTIME);
  check(sd_event_source_set_time(source(), *boot_seconds * usec), "sd_event_source_set_time");
  enable(SD_EVENT_ONESHOT);
}

void Timer::stop() {
  interval_ = {};
  if (source() != nullptr) enable(SD_EVENT_OFF);
}

bool Timer::running() const {
  int enabled = SD_EVENT_OFF;
  if (source() != nullptr)
    check(sd_event_source_get_enabled(source(), &enabled), "sd_event_source_get_enabled");
  return enabled != SD_EVENT_OFF;
}

// Sets the next time of every() first: the callback may stop or destroy the timer.
int Timer::elapsed(sd_event_source*, std::uint64_t, void* self) noexcept {
  auto* timer = static_cast<Timer*>(self);
  return guard(timer->loop(), [timer] {
    if (timer->interval_.count() != 0) timer->call_after(timer->interval_);
    timer->call();
  });
}

void Timer::call_after(std::chrono::microseconds delay) {
  use(CLOCK_MONOTONIC);
  check(sd_event_source_set_time_relative(source(), static_cast<std::uint64_t>(delay.count())),
        "sd_event_source_set_time_relative");
  enable(SD_EVENT_ONESHOT);
}

// A source keeps its clock, so a change of the clock takes a new source.
void Timer::use(clockid_t clock) {
  constexpr std::uint64_t accuracy_usec = 1000;
  if (source() != nullptr && clock == clock_) return;
  sd_event_source* created = nullptr;
  check(sd_event_add_time(loop().event(), &created, clock, 0, accuracy_usec, elapsed, this),
        "sd_event_add_time");
  clock_ = clock;
  adopt(created);
}

void Timer::enable(int enabled) {
  check(sd_event_source_set_enabled(source(), enabled), "sd_event_source_set_enabled");
}

}  // namespace iopslimit
