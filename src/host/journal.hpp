// SPDX-License-Identifier: Apache-2.0
// The journal, or stderr where there is none.
#pragma once

#include <string>

#include "core/report.hpp"

namespace iopslimit {

/// Sends reports with their fields (MESSAGE, MESSAGE_ID, PRIORITY, ACTION, CONTAINER_ID,
/// CONTAINER_NAME, POD_UID, POD_NAME, POD_NAMESPACE, CGROUP, DEVICE, READ_IOPS, WRITE_IOPS,
/// READ_BPS, WRITE_BPS; what is empty is left out). May wait for journald: never call it between an
/// inotify event and the written limit.
class Journal {
 public:
  /// Uses the journal when stderr leads there ($JOURNAL_STREAM, systemd.exec(5)), else writes text
  /// lines to stderr.
  Journal();

  void send(const Report& report) const;
  void log(Severity severity, Action action, const std::string& text) const;

 private:
  bool native_;
};

}  // namespace iopslimit
