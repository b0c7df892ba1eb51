// SPDX-License-Identifier: Apache-2.0
// Where events go.
#pragma once

#include "report/event.hpp"

namespace iopslimit {

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  virtual void emit(const Event& event) = 0;
};

}  // namespace iopslimit
