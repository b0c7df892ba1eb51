// SPDX-License-Identifier: Apache-2.0
#include "loop/signal.hpp"

#include <csignal>
#include <utility>

#include "loop/file.hpp"
#include "loop/guard.hpp"

namespace iopslimit {

Signal::Signal(EventLoop& loop, int signal, EventLoop::Callback callback, Priority priority)
    : EventSource(loop, std::move(callback), priority) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
    throw std::system_error(last_error(), "sigprocmask");
  const auto received = [](sd_event_source*, const signalfd_siginfo*, void* self) noexcept {
    const auto* one = static_cast<const Signal*>(self);
    return guard(one->loop(), [one] { one->call(); });
  };
  sd_event_source* source = nullptr;
  check(sd_event_add_signal(loop.event(), &source, signal, received, this), "sd_event_add_signal");
  adopt(source);
}

}  // namespace iopslimit
