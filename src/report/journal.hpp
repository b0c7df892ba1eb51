// SPDX-License-Identifier: Apache-2.0
// The journal, or standard output where there is none.
#pragma once

#include <string>
#include <string_view>

#include "report/event.hpp"

namespace iopslimit {

/// Where reports go. `automatic`: the journal when stderr leads there ($JOURNAL_STREAM,
/// systemd.exec(5)), else text.
enum class LogForm { automatic, journal, text, json };

/// "journal", "text", "json"; everything else is automatic.
LogForm log_form_named(std::string_view name);

class Journal {
 public:
  explicit Journal(LogForm form = LogForm::automatic);

  /// To the journal with fields (MESSAGE, MESSAGE_ID, PRIORITY, ACTION, CONTAINER_ID,
  /// CONTAINER_NAME, POD_UID, POD_NAME, POD_NAMESPACE, CGROUP, DEVICE, READ_IOPS, WRITE_IOPS,
  /// READ_BPS, WRITE_BPS; what is empty is left out), or a line to standard output: the text alone,
  /// or json_line(). What the journal does not take is written as text. May wait for who reads:
  /// never call it between an inotify event and the written limit.
  void send(const Event& event) const;
  void log(Severity severity, Action action, const std::string& text) const;

 private:
  LogForm form_;
};

}  // namespace iopslimit
