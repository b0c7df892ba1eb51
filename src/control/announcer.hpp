// SPDX-License-Identifier: Apache-2.0
// Passes the controller's events to any number of listeners when a burst of new cgroups is over.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "control/workload.hpp"
#include "report/event_sink.hpp"

namespace iopslimit {

/// Keeps the order in which the events happened. The event about a decision is created when it
/// is delivered, or just before its workload changes: during a burst other containers wait for
/// their limits.
class Announcer final : public EventSink {
 public:
  using Listener = std::function<void(const Event&)>;

  /// Every listener gets every event, in the order in which they were added.
  void add_listener(Listener listener) { listeners_.push_back(std::move(listener)); }

  void emit(const Event& event) override;
  /// The decision about the workload is in force; `before` are the rules that it replaces.
  void decided(Workload& workload, const Before& before);
  /// Call this before a workload changes or goes.
  void settle(const Workload& workload) {
    if (workload.waits) settle();
  }
  void settle();
  /// Passes the first event to the listeners. Returns false if there is none.
  bool deliver_one();

 private:
  struct Waiting {  // a decision whose event has not been created yet
    Workload* workload;
    Before before;
  };

  void create_one();

  std::vector<Listener> listeners_;
  std::deque<Waiting> waiting_;  // all of them are later than events_
  std::deque<Event> events_;
};

}  // namespace iopslimit
