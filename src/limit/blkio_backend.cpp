// SPDX-License-Identifier: Apache-2.0
#include "limit/blkio_backend.hpp"

#include "limit/limit_text.hpp"

namespace iopslimit {
BlkioBackend::BlkioBackend(const std::string& root) : files_(root) {}

std::error_code BlkioBackend::create(const RuleKey& key, const Limit& limit) {
  for (const BlkioThrottle& throttle : blkio_throttles) {
    const std::uint64_t value = limit.*throttle.value;
    if (value == 0) continue;
    const auto file = files_.open(key.cgroup, throttle.file);
    if (!file) return file.error();
    if (const auto error = write_line(file->fd(), format_blkio(key.device, value))) return error;
  }
  return {};
}

std::error_code BlkioBackend::set(const RuleKey& key, const Limit& limit, const Limit& held) {
  for (const BlkioThrottle& throttle : blkio_throttles) {
    if (limit.*throttle.value == held.*throttle.value) continue;
    if (const auto error = put(key, throttle.file, limit.*throttle.value)) return error;
  }
  return {};
}

std::error_code BlkioBackend::put(const RuleKey& key, const char* name, std::uint64_t value) {
  const auto file = files_.open(key.cgroup, name);
  if (!file) return file.error();
  if (const auto error = write_line(file->fd(), format_blkio(key.device, value))) return error;
  if (const auto error = read_limit_file(file->fd(), text_)) return error;
  if (parse_blkio(text_, key.device) != value) return ControlError::not_held;
  return {};
}

bool BlkioBackend::read_value(const RuleKey& key, const BlkioThrottle& throttle, Limit& limit) {
  const auto file = files_.open(key.cgroup, throttle.file);
  if (!file || read_limit_file(file->fd(), text_)) return false;
  limit.*throttle.value = parse_blkio(text_, key.device);
  return true;
}

std::optional<Limit> BlkioBackend::read(const RuleKey& key) {
  Limit found;
  for (const BlkioThrottle& throttle : blkio_throttles) {
    if (!read_value(key, throttle, found)) return std::nullopt;
  }
  return found;
}

std::optional<Limit> BlkioBackend::read_back(const RuleKey& key, const Limit& limit) {
  Limit found;
  for (const BlkioThrottle& throttle : blkio_throttles) {
    if (limit.*throttle.value != 0 && !read_value(key, throttle, found)) return std::nullopt;
  }
  return found;
}

}  // namespace iopslimit
