// SPDX-License-Identifier: Apache-2.0
#include "loop/event_loop.hpp"

#include <utility>

#include "loop/file.hpp"

namespace iopslimit {

EventLoop::EventLoop() {
  sd_event* event = nullptr;
  check(sd_event_new(&event), "sd_event_new");
  event_.reset(event);
}

void EventLoop::fail() noexcept {
  parked_ = std::current_exception();
  sd_event_exit(event_.get(), 1);
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
