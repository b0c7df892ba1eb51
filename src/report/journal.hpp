// SPDX-License-Identifier: Apache-2.0
// Writes events to the journal, or to standard output if there is no journal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "loop/event_loop.hpp"
#include "report/event.hpp"
#include "report/log_sink.hpp"

namespace iopslimit {

/// Where events are written. `automatic` chooses the journal if stderr is connected to it
/// ($JOURNAL_STREAM, systemd.exec(5)), else text.
enum class LogForm { automatic, journal, text, json };

/// The form with this name: "journal", "text" or "json". Any other name gives `automatic`.
LogForm log_form_named(std::string_view name);

class Journal {
 public:
  /// `socket`: of the journal, for entries in its native format.
  explicit Journal(EventLoop& loop, LogForm form = LogForm::automatic,
                   std::string socket = "/run/systemd/journal/socket");

  /// Writes an event to the journal with the fields MESSAGE, MESSAGE_ID, PRIORITY, ACTION,
  /// CONTAINER_ID, CONTAINER_NAME, POD_UID, POD_NAME, POD_NAMESPACE, CGROUP, DEVICE, READ_IOPS,
  /// WRITE_IOPS, READ_BPS and WRITE_BPS (empty fields are left out), or as one line to standard
  /// output: the text alone, or json_line(). An event that the journal does not accept is written
  /// as text. Never waits for a reader (LogSink).
  void send(const Event& event);
  void log(Severity severity, Action action, const std::string& text);
  /// Lines that were dropped because no reader took them.
  std::uint64_t dropped() const { return entries_.dropped() + lines_.dropped(); }

 private:
  std::string line_of(const Event& event) const;

  LogForm form_;
  LogSink entries_;
  LogSink lines_;
};

}  // namespace iopslimit
