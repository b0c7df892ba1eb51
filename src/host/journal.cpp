// SPDX-License-Identifier: Apache-2.0
#include "host/journal.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#define SD_JOURNAL_SUPPRESS_LOCATION  // the place in our source says nothing to an operator
#include <systemd/sd-journal.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace iopslimit {
namespace {

bool stderr_is_journal() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat about {};
  if (stream == nullptr || fstat(STDERR_FILENO, &about) != 0) return false;
  return std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino) == stream;
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::none:
      return "";
    case Action::limited:
      return "limited";
    case Action::exempted:
      return "exempted";
    case Action::lost:
      return "lost";
    case Action::repaired:
      return "repaired";
  }
  return "";
}

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
  void send() {
    std::vector<iovec> parts;
    parts.reserve(texts_.size());
    for (std::string& text : texts_) parts.push_back({text.data(), text.size()});
    sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  }

 private:
  std::vector<std::string> texts_;
};

}  // namespace

Journal::Journal() : native_(stderr_is_journal()) {}

void Journal::send(const Report& report) const {
  if (!native_) {
    std::fprintf(stderr, "%s\n", report.text.c_str());
    return;
  }
  Fields fields;
  fields.add("MESSAGE", report.text);
  fields.add("PRIORITY", std::to_string(static_cast<int>(report.severity)));
  fields.add("SYSLOG_IDENTIFIER", "iops-limitd");
  fields.add("ACTION", name_of(report.action));
  fields.add("CONTAINER_ID", report.container_id);
  fields.add("CONTAINER_NAME", report.container_name);
  fields.add("POD_UID", report.pod_uid);
  fields.add("POD_NAME", report.pod_name);
  fields.add("POD_NAMESPACE", report.pod_namespace);
  fields.add("CGROUP", report.cgroup);
  if (report.device) fields.add("DEVICE", to_string(*report.device));
  if (report.limit) fields.add(*report.limit);
  fields.send();
}

void Journal::log(Severity severity, const std::string& text) const {
  Report report;
  report.severity = severity;
  report.text = text;
  send(report);
}

}  // namespace iopslimit
