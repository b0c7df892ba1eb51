// SPDX-License-Identifier: Apache-2.0
#include "report/journal.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <utility>

#include "loop/clock.hpp"
#include "report/json_line.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
  return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

struct ActionRow {
  Action action;
  std::string_view name;
  std::string_view message_id;  // never changes: conf/iops-limitd.catalog explains it
};

constexpr ActionRow actions[] = {
    {Action::limited, "limited", "76c125cc01594a1e85f548449c0bb604"},
    {Action::exempted, "exempted", "68e8f655957545d3ba57fbd3d41f8a92"},
    {Action::limit_failed, "limit_failed", "656e996ebbbb4624962d38d4eb7d9c18"},
    {Action::repaired, "repaired", "0a43ea9291064284a399c980c50f6bb5"},
    {Action::paused, "paused", "93a9967dfad9499393a88a4f0a19964e"},
    {Action::ignored, "ignored", "97cbeb07a4ab4c86aa69156d1b3cce6d"},
    {Action::total, "total", "6f14cdf5f40f42b188a150ee6d154e74"},
    {Action::device, "device", "f9fd8c518cef48ae9405c6840c5ed27f"},
    {Action::waiting, "waiting", "e9eacc4e1ef442aaaf37c5840a3d3c99"},
    {Action::refused, "refused", "6b939a3cc3e84db488989d242dc9774f"},
    {Action::degraded, "degraded", "e45045cb35a14273ac928084e98ff2a7"},
    {Action::reloaded, "reloaded", "d36f43cb66774beeae75436086b06563"},
    {Action::config, "config", "d0b3d30f1f364a62acb85a71c3a0d039"},
    {Action::watch_degraded, "watch_degraded", "1c1f6e2f1b7f4f0c9f0f4e9d5c0b6f53"},
    {Action::sharing, "sharing", "94efbbf17f324e5d8a27648ec7cd1353"},
    {Action::suppressed, "suppressed", "5c3f0f8f6c5e4c3c8a6b5b4f2d7e9a10"},
};

std::string number_or_max(std::uint64_t value) {
  return value == 0 ? "max" : std::to_string(value);
}

// One entry in the journal's native format (systemd.io/JOURNAL_NATIVE_PROTOCOL). No value has a
// line break, and all fit one datagram.
class Entry {
 public:
  void add(std::string_view name, std::string_view value) {
    constexpr std::size_t most = 16384;
    if (value.empty()) return;
    text_ += name;
    text_ += '=' + sanitize_utf8(value.substr(0, most)) + '\n';
  }
  void add(const Limit& limit) {
    add("READ_IOPS", number_or_max(limit.read_iops));
    add("WRITE_IOPS", number_or_max(limit.write_iops));
    add("READ_BPS", number_or_max(limit.read_bps));
    add("WRITE_BPS", number_or_max(limit.write_bps));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

const ActionRow* row_of(Action action) {
  const auto* found = std::ranges::find(actions, action, &ActionRow::action);
  return found == std::end(actions) ? nullptr : found;
}

std::string entry_of(const Event& event) {
  Entry entry;
  entry.add("MESSAGE", event.text);
  entry.add("PRIORITY", std::to_string(static_cast<int>(event.severity)));
  entry.add("SYSLOG_IDENTIFIER", "iops-limitd");
  if (const ActionRow* row = row_of(event.action)) {
    entry.add("ACTION", row->name);
    entry.add("MESSAGE_ID", row->message_id);
  }
  entry.add("CONTAINER_ID", event.container_id);
  entry.add("CONTAINER_NAME", event.container_name);
  entry.add("POD_UID", event.pod_uid);
  entry.add("POD_NAME", event.pod_name);
  entry.add("POD_NAMESPACE", event.pod_namespace);
  entry.add("CGROUP", event.cgroup);
  for (const Rule& rule : event.rules) {
    entry.add("DEVICE", to_string(rule.device));
    entry.add(rule.limit);
  }
  return entry.text();
}

Event lines_lost(std::uint64_t lines) {
  return service_event(Severity::warning, Action::suppressed,
                       std::to_string(lines) + (lines == 1 ? " line was" : " lines were") +
                           " dropped because nobody read the log; limits are not affected");
}

}  // namespace

LogForm log_form_named(std::string_view name) {
  if (name == "journal") return LogForm::journal;
  if (name == "text") return LogForm::text;
  return name == "json" ? LogForm::json : LogForm::automatic;
}

Journal::Journal(EventLoop& loop, LogForm form, std::string socket)
    : form_(form),
      entries_(loop, {.open = [socket = std::move(socket)] { return journal_output(socket); },
                      .lost = [](std::uint64_t lines) { return entry_of(lines_lost(lines)); }}),
      lines_(loop, {.open = standard_output,
                    .lost = [this](std::uint64_t lines) { return line_of(lines_lost(lines)); }}) {
  if (form == LogForm::automatic) form_ = stderr_is_journal() ? LogForm::journal : LogForm::text;
}

std::string Journal::line_of(const Event& event) const {
  if (form_ != LogForm::json) return sanitize_utf8(event.text) + '\n';
  const ActionRow* row = row_of(event.action);
  return json_line(event, row == nullptr ? "" : row->name, wall_msec()) + '\n';
}

void Journal::send(const Event& event) {
  if (form_ == LogForm::journal && entries_.write(entry_of(event))) return;
  if (!lines_.write(line_of(event))) lines_.drop(1);
}

void Journal::log(Severity severity, Action action, const std::string& text) {
  send(service_event(severity, action, text));
}

}  // namespace iopslimit
