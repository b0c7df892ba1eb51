// SPDX-License-Identifier: Apache-2.0
// udev's netlink and /proc/mdstat: tell when a block device came, changed or went.
#pragma once

#include <memory>
#include <string>

#include "loop/file.hpp"

struct udev;
struct udev_monitor;

namespace iopslimit {

/// Listens to the kernel, which speaks even when systemd-udevd is dead, and to udev, which speaks
/// last, when its database is written. Says only that it is time to look again: a device may come
/// and go in between, so what there is must be looked up anyway.
///
/// md raises nothing when a member fails, is replaced or taken out: its status file is polled for
/// that (mdstat_poll() in drivers/md/md.c). Nor does btrfs when a device is added to a mounted file
/// system; udev does, when the tool that wrote to the device has closed it. The periodic check sees
/// the rest.
class BlockEvents {
 public:
  /// Where netlink is not to be had (a seccomp filter, no descriptor left) it hears less or
  /// nothing, and complaint() says so. Throws std::system_error only when epoll fails.
  explicit BlockEvents(std::string mdstat = "/proc/mdstat");

  /// Poll it for EPOLLIN, level-triggered. Owned by this object.
  int fd() const { return epoll_.fd(); }

  /// Reads all that is queued. True when some of it was about a block device, or was lost (the
  /// queue ran over): look again.
  bool drain();

  /// That it does not hear all, why, and what follows; empty when all is well.
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

  File epoll_;
  std::unique_ptr<udev, Unref> context_;
  std::string warning_;
  Monitor kernel_;
  Monitor udev_;
  std::string mdstat_path_;
  File mdstat_;
  std::string text_;
};

}  // namespace iopslimit
