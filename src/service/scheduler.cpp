// SPDX-License-Identifier: Apache-2.0
#include "service/scheduler.hpp"

#include <sys/epoll.h>

#include <chrono>
#include <utility>

namespace iopslimit {
namespace {

using Clock = std::chrono::steady_clock;

// After this time deferred work no longer waits for everything else. It is longer than a burst,
// so that the bus gets its turns first.
constexpr std::chrono::milliseconds oldest = 2 * Burst::longest;

// After this time other pending work gets its turn.
constexpr std::chrono::milliseconds a_turn{2};

}  // namespace

Scheduler::Scheduler(EventLoop& loop, int cgroups_fd, WorkQueue& work, Handlers handlers)
    : work_(work),
      handlers_(std::move(handlers)),
      cgroups_(
          loop, cgroups_fd, EPOLLIN, [this] { cgroups_readable(); }, Priority::first),
      idle_(
          loop, [this] { run(); }, Priority::idle),
      overdue_(loop, [this] { idle_.set_priority(Priority::normal); }) {}

void Scheduler::run_after(std::chrono::microseconds delay) {
  idle_.start(delay);
  overdue_.start(oldest);
}

void Scheduler::read_cgroups() {
  if (handlers_.read_cgroups()) burst_.cgroup(Clock::now());
}

void Scheduler::cgroups_readable() {
  read_cgroups();
  run_after(Burst::pause);
  const auto now = Clock::now();
  burst_.events(now);
  if (burst_.too_long(now)) take_turns(true);
}

void Scheduler::run() {
  const auto begin = Clock::now();
  for (auto now = begin; !burst_.goes_on(now); now = Clock::now()) {
    if (now - begin >= a_turn) return run_after({});
    if (!work_.run_one() && !work_.read_one()) return finish();
    read_cgroups();
  }
  run_after(Burst::pause);
}

void Scheduler::drain() {
  while (work_.run_one()) {
  }
  finish();
  if (work_.has_unread()) request();
}

void Scheduler::finish() {
  work_.shrink();
  burst_.finish();
  overdue_.stop();
  idle_.set_priority(Priority::idle);
  take_turns(false);
  handlers_.finished();
}

// A flood of cgroup events must not starve the others: from now on they take turns.
void Scheduler::take_turns(bool turns) {
  if (std::exchange(turns_, turns) != turns)
    cgroups_.set_priority(turns ? Priority::idle : Priority::first);
}

}  // namespace iopslimit
