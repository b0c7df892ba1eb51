// SPDX-License-Identifier: Apache-2.0
// Watches udev's netlink and /proc/mdstat for block devices that appear, change or disappear.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "loop/file.hpp"

struct udev;
struct udev_monitor;

namespace iopslimit {

/// Listens to the kernel, which sends events even when systemd-udevd is dead, and to udev, which
/// sends its event last, after it has written its database. The result is only that a new scan is
/// due: a device may appear and disappear between two events, so a scan is needed in any case.
///
/// md sends no event when a member fails, is replaced or removed, so its status file is polled
/// (mdstat_poll() in drivers/md/md.c). btrfs sends no event when a device is added to a mounted
/// file system; udev does, once the tool that wrote to the device has closed it. The periodic check
/// finds the rest.
class BlockEvents {
 public:
  /// When netlink is not available (a seccomp filter, no free descriptor), this object receives
  /// fewer events or none, and warning() returns the reason. Throws std::system_error only when
  /// epoll or its timer fails.
  explicit BlockEvents(std::string mdstat = "/proc/mdstat");

  /// Poll this descriptor for EPOLLIN, level-triggered. This object owns it.
  int fd() const { return epoll_.fd(); }

  /// The kernel sends the event of a device-mapper table before it removes the links (slaves/,
  /// holders/) of the table that was there before, and sends none after that: do_resume() in
  /// drivers/md/dm-ioctl.c, dm_table_destroy() in dm-table.c. So this object asks for more scans,
  /// each so long after the one before it, the first after the last event.
  static constexpr std::array<std::chrono::milliseconds, 3> links_delays{
      {std::chrono::milliseconds(20), std::chrono::milliseconds(80),
       std::chrono::milliseconds(400)}};

  /// Reads all queued events. True when one of them was about a block device, when events were
  /// lost (the queue overflowed), and after each of `links_delays`: scan again.
  bool drain();

  /// Names the events that are not received, the reason and the consequence. Empty when all are
  /// received.
  std::string warning() const { return warning_; }

 private:
  struct Unref {
    void operator()(udev* context) const;
    void operator()(udev_monitor* monitor) const;
  };
  using Monitor = std::unique_ptr<udev_monitor, Unref>;

  Monitor listen(const char* group);
  void watch_mdstat();
  bool drain_mdstat();
  bool drain_links();
  void wait_for_links();

  File epoll_;
  File links_;  // a timer
  std::size_t next_delay_ = 0;
  std::unique_ptr<udev, Unref> context_;
  std::string warning_;
  Monitor kernel_;
  Monitor udev_;
  std::string mdstat_path_;
  File mdstat_;
  std::string text_;
};

}  // namespace iopslimit
