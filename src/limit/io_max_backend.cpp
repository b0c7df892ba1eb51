// SPDX-License-Identifier: Apache-2.0
#include "limit/io_max_backend.hpp"

#include "limit/limit_text.hpp"

namespace iopslimit {

IoMaxBackend::IoMaxBackend(const std::string& root) : files_(root) {}

std::error_code IoMaxBackend::create(const RuleKey& key, const Limit& limit) {
  const auto file = files_.open(key.cgroup, "io.max");
  return file ? write_line(file->fd(), format_io_max(key.device, limit)) : file.error();
}

std::error_code IoMaxBackend::set(const RuleKey& key, const Limit& limit, const Limit& held) {
  if (limit == held) return {};
  const auto file = files_.open(key.cgroup, "io.max");
  if (!file) return file.error();
  if (const auto error = write_line(file->fd(), format_io_max(key.device, limit))) return error;
  if (const auto error = read_limit_file(file->fd(), text_)) return error;
  if (parse_io_max(text_, key.device) != limit) return ControlError::not_held;
  return {};
}

std::optional<Limit> IoMaxBackend::read(const RuleKey& key) {
  const auto file = files_.open(key.cgroup, "io.max");
  if (!file || read_limit_file(file->fd(), text_)) return std::nullopt;
  return parse_io_max(text_, key.device);
}

}  // namespace iopslimit
