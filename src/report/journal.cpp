// SPDX-License-Identifier: Apache-2.0
#include "report/journal.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION  // the source location does not help an operator
#include <systemd/sd-journal.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>
#include <vector>

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
    {Action::suppressed, "suppressed", "5c3f0f8f6c5e4c3c8a6b5b4f2d7e9a10"},
};

std::string number_or_max(std::uint64_t value) {
  return value == 0 ? "max" : std::to_string(value);
}

class Fields {
 public:
  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    texts_.emplace_back(name);
    texts_.back() += '=';
    texts_.back() += value;
  }
  void add(const Limit& limit) {
    add("READ_IOPS", number_or_max(limit.read_iops));
    add("WRITE_IOPS", number_or_max(limit.write_iops));
    add("READ_BPS", number_or_max(limit.read_bps));
    add("WRITE_BPS", number_or_max(limit.write_bps));
  }
  bool send() {
    std::vector<iovec> parts;
    parts.reserve(texts_.size());
    for (std::string& text : texts_) parts.push_back({text.data(), text.size()});
    return sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0;
  }

 private:
  std::vector<std::string> texts_;
};

const ActionRow* row_of(Action action) {
  const auto* found = std::ranges::find(actions, action, &ActionRow::action);
  return found == std::end(actions) ? nullptr : found;
}

bool send_to_journal(const Event& event, const ActionRow* row) {
  Fields fields;
  fields.add("MESSAGE", event.text);
  fields.add("PRIORITY", std::to_string(static_cast<int>(event.severity)));
  fields.add("SYSLOG_IDENTIFIER", "iops-limitd");
  if (row != nullptr) {
    fields.add("ACTION", row->name);
    fields.add("MESSAGE_ID", row->message_id);
  }
  fields.add("CONTAINER_ID", event.container_id);
  fields.add("CONTAINER_NAME", event.container_name);
  fields.add("POD_UID", event.pod_uid);
  fields.add("POD_NAME", event.pod_name);
  fields.add("POD_NAMESPACE", event.pod_namespace);
  fields.add("CGROUP", event.cgroup);
  for (const Rule& rule : event.rules) {
    fields.add("DEVICE", to_string(rule.device));
    fields.add(rule.limit);
  }
  return fields.send();
}

// Flushes each line, so that whoever follows the log sees it at once.
void print_line(const std::string& line) {
  std::fprintf(stdout, "%s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace

LogForm log_form_named(std::string_view name) {
  if (name == "journal") return LogForm::journal;
  if (name == "text") return LogForm::text;
  return name == "json" ? LogForm::json : LogForm::automatic;
}

Journal::Journal(LogForm form) : form_(form) {
  if (form == LogForm::automatic) form_ = stderr_is_journal() ? LogForm::journal : LogForm::text;
}

void Journal::send(const Event& event) const {
  const ActionRow* row = row_of(event.action);
  if (form_ == LogForm::json)
    return print_line(json_line(event, row == nullptr ? "" : row->name, wall_msec()));
  if (form_ == LogForm::journal && send_to_journal(event, row)) return;
  print_line(sanitize_utf8(event.text));
}

void Journal::log(Severity severity, Action action, const std::string& text) const {
  send(service_event(severity, action, text));
}

}  // namespace iopslimit
