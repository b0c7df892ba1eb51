// SPDX-License-Identifier: Apache-2.0
#include "limit/blkio_backend.hpp"

#include "limit/limit_text.hpp"

namespace iopslimit {
BlkioBackend::BlkioBackend(const std::string& root) : files_(root) {}

std::error_code BlkioBackend::create(const RuleKey& key, const Limit& limit) {
  std::error_code error;
  for (const BlkioThrottle& throttle : blkio_throttles) {
    const std::uint64_t value = limit.*throttle.value;
    if (value == 0) continue;
    const File file = files_.open(key.cgroup, throttle.file, error);
    if (!error) error = write_line(file.fd(), format_blkio(key.device, value));
    if (error) break;
  }
  return error;
}

std::error_code BlkioBackend::set(const RuleKey& key, const Limit& limit, const Limit& held) {
  for (const BlkioThrottle& throttle : blkio_throttles) {
    if (limit.*throttle.value == held.*throttle.value) continue;
    if (const auto error = put(key, throttle.file, limit.*throttle.value)) return error;
  }
  return {};
}

std::error_code BlkioBackend::put(const RuleKey& key, const char* name, std::uint64_t value) {
  std::error_code error;
  const File file = files_.open(key.cgroup, name, error);
  if (error) return error;
  if ((error = write_line(file.fd(), format_blkio(key.device, value)))) return error;
  if ((error = read_limit_file(file.fd(), text_))) return error;
  if (parse_blkio(text_, key.device) != value) return ControlError::not_held;
  return {};
}

std::optional<Limit> BlkioBackend::read(const RuleKey& key) {
  Limit limit;
  for (const BlkioThrottle& throttle : blkio_throttles) {
    std::error_code error;
    const File file = files_.open(key.cgroup, throttle.file, error);
    if (error || read_limit_file(file.fd(), text_)) return std::nullopt;
    limit.*throttle.value = parse_blkio(text_, key.device);
  }
  return limit;
}

}  // namespace iopslimit
