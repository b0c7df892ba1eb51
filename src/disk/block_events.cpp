// SPDX-License-Identifier: Apache-2.0
#include "disk/block_events.hpp"

#include <fcntl.h>
#include <libudev.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <system_error>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::size_t most_mdstat = 16UL << 20;

// udev_monitor_receive_device() skips events that the filter excludes and returns EAGAIN at the end
// of the queue. ENOBUFS means that some events were dropped. Every other result counts as an event.
bool drain_one(udev_monitor* monitor) {
  bool seen = false;
  for (;;) {
    errno = 0;
    udev_device* device = udev_monitor_receive_device(monitor);
    const int error = errno;
    seen = seen || device != nullptr || error != EAGAIN;
    if (device == nullptr && error != ENOBUFS && error != EINTR) return seen;
    udev_device_unref(device);
  }
}

}  // namespace

void BlockEvents::Unref::operator()(udev* context) const {
  udev_unref(context);
}

void BlockEvents::Unref::operator()(udev_monitor* monitor) const {
  udev_monitor_unref(monitor);
}

BlockEvents::BlockEvents(std::string mdstat)
    : epoll_(epoll_create1(EPOLL_CLOEXEC)),
      links_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      context_(udev_new()),
      mdstat_path_(std::move(mdstat)) {
  if (!epoll_) throw std::system_error(last_error(), "epoll_create1");
  epoll_event over = {.events = EPOLLIN, .data = {.fd = links_.fd()}};
  if (!links_ || epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, links_.fd(), &over) != 0)
    throw std::system_error(last_error(), "the timer of the disks' events");
  if (!context_) throw std::bad_alloc();
  kernel_ = listen("kernel");
  udev_ = listen("udev");
  watch_mdstat();
}

BlockEvents::Monitor BlockEvents::listen(const char* group) {
  Monitor monitor(udev_monitor_new_from_netlink(context_.get(), group));
  udev_monitor* const one = monitor.get();
  int result = one == nullptr ? -errno : 0;
  if (result >= 0) {
    result = udev_monitor_filter_add_match_subsystem_devtype(one, "block", nullptr);
  }
  if (result >= 0) result = udev_monitor_enable_receiving(one);
  if (result >= 0) {
    const int fd = udev_monitor_get_fd(one);
    epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    result = epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
  }
  if (result >= 0) return monitor;
  warning_ = "no events of disks arrive (netlink: " + std::generic_category().message(-result) +
             "): the disks are checked when a mount changes, and at every periodic check";
  return nullptr;
}

bool BlockEvents::drain() {
  bool seen = false;
  for (udev_monitor* one : {kernel_.get(), udev_.get()}) {
    if (one != nullptr && drain_one(one)) seen = true;
  }
  if (drain_mdstat()) seen = true;
  if (!seen) return drain_links();
  next_delay_ = 0;
  wait_for_links();
  return true;
}

void BlockEvents::wait_for_links() {
  if (next_delay_ == links_delays.size()) return;
  itimerspec once = {};
  once.it_value.tv_nsec = std::chrono::nanoseconds(links_delays[next_delay_++]).count();
  timerfd_settime(links_.fd(), 0, &once, nullptr);
}

bool BlockEvents::drain_links() {
  std::uint64_t times = 0;
  if (read(links_.fd(), &times, sizeof(times)) != sizeof(times)) return false;
  wait_for_links();
  return true;
}

// The file does not exist before the module md is loaded. When the first array appears, its own
// events lead to this function.
void BlockEvents::watch_mdstat() {
  mdstat_ = open_at(AT_FDCWD, mdstat_path_.c_str(), O_RDONLY).value_or(File());
  epoll_event event = {.events = EPOLLPRI, .data = {.fd = mdstat_.fd()}};
  if (!mdstat_ || epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, mdstat_.fd(), &event) != 0)
    mdstat_ = File();
}

// Reading the file from its start rearms the poll.
bool BlockEvents::drain_mdstat() {
  if (!mdstat_) watch_mdstat();
  pollfd changed{.fd = mdstat_.fd(), .events = POLLPRI, .revents = 0};
  if (!mdstat_ || poll(&changed, 1, 0) != 1) return false;
  if (read_whole(mdstat_.fd(), most_mdstat, text_))
    mdstat_ = File();  // prevents a busy loop; the next drain opens it again
  return true;
}

}  // namespace iopslimit
