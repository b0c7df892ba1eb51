// SPDX-License-Identifier: Apache-2.0
#include "loop/event_source.hpp"

#include <utility>

#include "loop/file.hpp"

namespace iopslimit {
int event_priority(Priority priority) {
  switch (priority) {
    case Priority::first:
      return SD_EVENT_PRIORITY_IMPORTANT;
    case Priority::idle:
      return SD_EVENT_PRIORITY_IDLE;
    case Priority::normal:
      break;
  }
  return SD_EVENT_PRIORITY_NORMAL;
}

EventSource::EventSource(EventLoop& loop, EventLoop::Callback callback, Priority priority)
    : loop_(loop),
      callback_(std::make_shared<const EventLoop::Callback>(std::move(callback))),
      priority_(priority) {}

void EventSource::set_priority(Priority priority) {
  priority_ = priority;
  if (source_ != nullptr)
    check(sd_event_source_set_priority(source_.get(), event_priority(priority)),
          "sd_event_source_set_priority");
}

void EventSource::adopt(sd_event_source* source) {
  source_.reset(source);
  set_priority(priority_);
}

void EventSource::call() const {
  // Keeps the callback while it runs, because it may destroy this object.
  const std::shared_ptr<const EventLoop::Callback> callback = callback_;
  (*callback)();
}

}  // namespace iopslimit
