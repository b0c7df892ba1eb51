// SPDX-License-Identifier: Apache-2.0
// /proc/self/mountinfo and udev: which disk is behind a mount point.
#pragma once

#include <string>
#include <variant>

#include "core/device.hpp"
#include "host/file.hpp"

namespace iopslimit {

/// /data is not there now; the answer comes by itself when mountinfo changes. Not an error.
struct NotMounted {
  std::string why;  ///< "/data is not mounted: it is a plain directory on ext4 (/dev/vda1); ..."
  bool operator==(const NotMounted&) const = default;
};

/// /data is on something that cannot carry a rule (or not yet by this version). An error for the
/// operator.
struct Unsupported {
  std::string
      why;  ///< names it and says what to do: "/data is on the LVM volume vg-data (dm-0): ..."
  bool operator==(const Unsupported&) const = default;
};

using DiskAnswer = std::variant<DataDevice, NotMounted, Unsupported>;

/// Finds the disk behind a mount point, and tells when to look again.
class DataDisk {
 public:
  /// Opens `mountinfo` (for tests; the kernel's file otherwise). Throws std::system_error when it
  /// cannot.
  explicit DataDisk(const std::string& mountinfo = "/proc/self/mountinfo");

  /// Poll it for EPOLLPRI: raised when a mount came or went since the last poll, or since this
  /// object was made (mounts_poll() in fs/proc_namespace.c: polling is what arms it again, reading
  /// is not). Level-triggered epoll does the right thing. Owned by this object.
  int fd() const { return mountinfo_.fd(); }

  /// What is behind `mount_point` now (absolute path; symbolic links are followed when it is not a
  /// mount point itself). Reads mountinfo afresh. Never throws for what an operator can cause;
  /// std::system_error when mountinfo cannot be read.
  DiskAnswer find(const std::string& mount_point) const;

 private:
  File mountinfo_;
};

}  // namespace iopslimit
