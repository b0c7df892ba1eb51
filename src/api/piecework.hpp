// SPDX-License-Identifier: Apache-2.0
// Does long work in pieces, between the events of the loop.
#pragma once

#include <functional>
#include <list>

#include "loop/timer.hpp"

namespace iopslimit {

/// One job after the other, in the order in which they came. What an event has to say comes first.
class Piecework {
 public:
  /// Does a piece of a job, of well below a millisecond. False: it was the last. Must not throw.
  using Step = std::function<bool()>;

  explicit Piecework(EventLoop& loop)
      : next_(
            loop, [this] { turn(); }, Priority::idle) {}

  void add(Step job);

 private:
  void turn();

  std::list<Step> jobs_;
  Timer next_;
};

}  // namespace iopslimit
