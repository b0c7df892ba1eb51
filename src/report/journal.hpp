// SPDX-License-Identifier: Apache-2.0
// Writes events to the journal, or to standard output if there is no journal.
#pragma once

#include <string>
#include <string_view>

#include "report/event.hpp"

namespace iopslimit {

/// Where events are written. `automatic` chooses the journal if stderr is connected to it
/// ($JOURNAL_STREAM, systemd.exec(5)), else text.
enum class LogForm { automatic, journal, text, json };

/// The form with this name: "journal", "text" or "json". Any other name gives `automatic`.
LogForm log_form_named(std::string_view name);

class Journal {
 public:
  explicit Journal(LogForm form = LogForm::automatic);

  /// Writes an event to the journal with the fields MESSAGE, MESSAGE_ID, PRIORITY, ACTION,
  /// CONTAINER_ID, CONTAINER_NAME, POD_UID, POD_NAME, POD_NAMESPACE, CGROUP, DEVICE, READ_IOPS,
  /// WRITE_IOPS, READ_BPS and WRITE_BPS (empty fields are left out), or as one line to standard
  /// output: the text alone, or json_line(). An event that the journal does not accept is written
  /// as text. May block until the reader has read: never call it between an inotify event and the
  /// write of the limit.
  void send(const Event& event) const;
  void log(Severity severity, Action action, const std::string& text) const;

 private:
  LogForm form_;
};

}  // namespace iopslimit
